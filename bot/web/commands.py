"""What can be typed into the page: one table of commands that the parser, the help and the completion list share."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from bot.errors import BadRequest
from model.jobs import LARGEST_SEED, TEMPERATURES, Form, Prompt, parse_count, parse_prompt
from model.key import all_keys
from model.rhythm import RHYTHMS

MOST_TUNES = 4
LONGEST_TEXT = 4_000  # characters; an opening of the greatest length fits in
EXAMPLES = (
    "/compose key:Edor",
    "/compose key:D rhythm:jig temperature:0.8",
    "/compose key:G rhythm:waltz form:AABB count:2",
)
_COMMON_KEYS = ("D", "G", "A", "Edor", "Ador", "Em", "Am", "Bm", "Amix", "Dmix", "C", "F", "Gm", "Dm", "Ddor", "Gdor")
_TEMPERATURES = {
    "0.5": "careful: close to the old books",
    "0.8": "steady",
    "1.0": "as the tradition has it",
    "1.2": "adventurous",
    "1.5": "bold",
    "2.0": "wild",
}
_FORMS = {
    "AB": "two parts, each once",
    "AABB": "two parts, each repeated: the usual",
    "AABBCC": "three parts, each repeated",
    "AABA": "the first part comes home",
}
_KEPT = {"parts": "the first part", "endings": "all but the endings"}
_TITLE = re.compile(r"^T:\s*(.*\S)", re.MULTILINE)
_NAMED = re.compile(r"(\w+):\s*")
_NEXT = re.compile(r"\s\w+:")
_CLOSING = re.compile(r'"(?=\s+\w+:|\s*$)')  # ABC may hold quotes of its own
_CURLY = str.maketrans("“”„", '"""')  # phones type these


@dataclass(frozen=True)
class Value:
    """A suggestion: `text` is typed, `label` explains it, `also` holds other words that find it."""

    text: str
    label: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """An option of a command. `closed`: nothing but its values is valid. `quoted`: its value stands in quotes."""

    name: str
    summary: str
    values: tuple[Value, ...] = ()
    required: bool = False
    closed: bool = False
    quoted: bool = False


@dataclass(frozen=True)
class Command:
    """A command and its options, in the order in which they are offered."""

    name: str
    summary: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Compose:
    """A member asks for `count` tunes."""

    prompt: Prompt
    count: int = 1


@dataclass(frozen=True)
class Help:
    """A member asks what can be asked."""

    examples: tuple[str, ...] = field(default=EXAMPLES)


@cache
def commands() -> tuple[Command, ...]:
    """Every command of the page."""
    return (
        Command("compose", "Compose a tune in a key you choose", _compose_options()),
        Command("help", "What can be asked, with examples"),
    )


def catalogue() -> dict[str, Any]:
    """`commands()` as JSON, for the completion list."""
    return {"commands": [asdict(command) for command in commands()]}


def parse(text: str) -> Compose | Help:
    """What a member typed. Raises BadRequest or InputError, one friendly line that says what can be typed."""
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise BadRequest(f"That message has {len(text)} characters: at most {LONGEST_TEXT} fit.")
    if not text.startswith("/"):
        raise BadRequest(f"I only play by request: type / for what I can do, or try {EXAMPLES[0]}")
    word, rest = [*text[1:].split(maxsplit=1), "", ""][:2]
    match word.lower():
        case "compose":
            return _compose(dict(_options(rest)))
        case "help":
            return Help()
    names = " and ".join(f"/{command.name}" for command in commands())
    raise BadRequest(f"There is no command /{word[:20]}: there are {names}.")


def written(prompt: Prompt, count: int = 1) -> list[tuple[str, str]]:
    """The options that ask for `prompt` again, as (name, value); usual values are left out.

    A variation has no command: it says which tune and what of it is kept.
    """
    if prompt.vary:
        title = _TITLE.search(prompt.opening)
        return [("tune", title[1] if title else "?"), ("keep", _KEPT[prompt.vary]), ("seed", str(prompt.seed))]
    usual = Prompt(prompt.key, prompt.rhythm)
    options = [("key", str(prompt.key)), ("rhythm", prompt.rhythm)]
    if prompt.temperature != usual.temperature:
        options.append(("temperature", f"{prompt.temperature:g}"))
    if prompt.form != usual.form:
        options.append(("form", str(prompt.form)))
    options.append(("seed", str(prompt.seed)))
    if prompt.opening:
        options.append(("opening", f'"{prompt.opening}"'))
    if prompt.transpose:
        options.append(("transpose", "yes"))
    if count != 1:
        options.append(("count", str(count)))
    return options


def _compose(options: dict[str, str]) -> Compose:
    if not options.get("key"):
        raise BadRequest(f"Which key? Name one, for example {EXAMPLES[0]}")
    count = parse_count(options.pop("count", 1), MOST_TUNES)
    temperature = options.pop("temperature", None) or 1.0
    return Compose(parse_prompt(temperature=temperature, **options), count)


def _options(text: str) -> Iterator[tuple[str, str]]:
    """The `name:value` pairs of /compose. A value ends before the next ` name:`, so `slip jig` needs no quotes."""
    known = [option.name for option in _compose_options()]
    seen: set[str] = set()
    at = 0
    while at < len(text):
        match = _NAMED.match(text, at)
        if match is None:
            word = text[at:].split()[0][:20]
            raise BadRequest(f"What is “{word}”? Write options as name:value, for example {EXAMPLES[0]}")
        name = match[1].lower()
        if name not in known:
            raise BadRequest(f"/compose has no option “{match[1][:20]}”: it has {', '.join(known)}.")
        if name in seen:
            raise BadRequest(f"The option {name} stands there twice: keep one.")
        value, at = _value(text, match.end(), name)
        seen.add(name)
        yield name, value if name == "opening" else " ".join(value.split())


def _value(text: str, at: int, name: str) -> tuple[str, int]:
    """The value that begins at `at`, and where the next option begins."""
    if text[at : at + 1].translate(_CURLY) == '"':
        straight = text.translate(_CURLY)
        closing = _CLOSING.search(straight, at + 1)
        if closing is None:
            raise BadRequest(f'The {name} opens a quote that never closes: write {name}:"…"')
        return straight[at + 1 : closing.start()].strip(), _skip(text, closing.end())
    following = _NEXT.search(text, at)
    end = following.start() if following else len(text)
    return text[at:end].strip(), _skip(text, end)


def _skip(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip())


@cache
def _compose_options() -> tuple[Option, ...]:
    low, high = TEMPERATURES
    yes_or_no = Value("yes", "to the nearest octave that fits a fiddle"), Value("no", "it has to be in this key")
    counts = tuple(Value(str(count), "tune" if count == 1 else "tunes") for count in range(1, MOST_TUNES + 1))
    return (
        Option("key", "tonic and mode: D, Gm, Edor, Amix", tuple(_keys()), required=True, closed=True),
        Option("rhythm", "the dance; drawn when left out", tuple(_rhythms()), closed=True),
        Option(
            "temperature",
            f"how daring: {low} (careful) to {high} (wild)",
            tuple(Value(text, label) for text, label in _TEMPERATURES.items()),
        ),
        Option("form", "order of parts, and bars in each", tuple(_forms()), closed=True),
        Option("seed", f"0 to {LARGEST_SEED}; the same seed gives the same tune"),
        Option("opening", "the first bars, in ABC notation", quoted=True),
        Option("transpose", "move an opening with a [K:] of its own to this key", yes_or_no, closed=True),
        Option("count", f"how many tunes, 1 to {MOST_TUNES}", counts, closed=True),
    )


def _keys() -> Iterator[Value]:
    # no tune in the books is in locrian, so the model never learned it
    names = {str(key): key.name for key in all_keys() if key.mode != "loc"}
    for text in (*_COMMON_KEYS, *(text for text in names if text not in _COMMON_KEYS)):
        yield Value(text, names[text])


def _rhythms() -> Iterator[Value]:
    for rhythm in RHYTHMS.values():
        yield Value(rhythm.name, f"{rhythm.metre.beats}/{rhythm.metre.unit} time, {rhythm.tempo} bpm", rhythm.aliases)


def _forms() -> Iterator[Value]:
    for parts in Form.FORMS:
        yield Value(parts, _FORMS.get(parts, ""))
    for parts in Form.FORMS:
        for bars in Form.BARS:
            yield Value(f"{parts}:{bars}", f"{bars} bars a part")
