"""The commands of the page: one table for the parser, the help and the completion list."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

from bot.core.completion import FORMS, ordered_keys
from bot.core.errors import BadRequest, Unclear
from bot.core.values import MOST_TUNES
from bot.web import model_commands, mydata, report_commands, tune_commands
from bot.web.model_commands import ModelCommand
from bot.web.mydata import MyDataCommand
from bot.web.option_parser import Command, Option, Value, parse_options
from bot.web.plain_words import understand
from bot.web.report_commands import ReportCommand
from bot.web.tune_commands import TuneCommand, parse_tune_command
from model.music.form import Form
from model.music.instruments import INSTRUMENTS
from model.music.rhythm import RHYTHMS
from model.prompt import EDITED, LARGEST_SEED, TEMPERATURES, TEMPOS, Prompt, parse_count, parse_prompt

LONGEST_TEXT = 4_000  # characters; an opening of the greatest length fits in
EXAMPLES = (
    "/compose key:Edor",
    "/compose key:D rhythm:jig temperature:0.8",
    "/compose key:G rhythm:waltz form:AABB count:2",
)
_TEMPERATURES = {
    "0.5": "careful: close to the old books",
    "0.8": "steady",
    "1.0": "as the tradition has it",
    "1.2": "adventurous",
    "1.5": "bold",
    "2.0": "wild",
}
_KEPT = {"parts": "the first part", "endings": "all but the endings"}  # by a variation
_TITLE = re.compile(r"^T:\s*(.*\S)", re.MULTILINE)


@dataclass(frozen=True)
class Compose:
    """The command /compose."""

    prompt: Prompt
    count: int = 1


@dataclass(frozen=True)
class Help:
    """The command /help."""

    examples: tuple[str, ...] = field(default=EXAMPLES)


AnyCommand = Compose | Help | ModelCommand | MyDataCommand | ReportCommand | TuneCommand


@cache
def commands(model: bool = False, admin: bool = False) -> tuple[Command, ...]:
    """All commands of the page; with `model` those of /model, too, and with `admin` those about reports."""
    return (
        Command("compose", "Compose a tune in a key you choose", _compose_options()),
        Command("help", "What can be asked, with examples"),
        *tune_commands.COMMANDS,
        *mydata.COMMANDS,
        report_commands.REPORT,
        *(report_commands.ADMINS if admin else ()),
        *(model_commands.COMMANDS if model else ()),
    )


def catalogue(model: bool = False, admin: bool = False) -> dict[str, Any]:
    """`commands(model, admin)` as JSON, for the completion list."""
    return {"commands": [asdict(command) for command in commands(model, admin)]}


def parse(text: str, model: bool = False) -> AnyCommand:
    """The command that a member typed. Raises BadRequest or InputError, one line that says what can be typed."""
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        raise BadRequest(f"That message has {len(text)} characters: at most {LONGEST_TEXT} fit.")
    if not text.startswith("/"):
        return _plain(text)
    word, rest = [*text[1:].split(maxsplit=1), "", ""][:2]
    match word.lower():
        case "compose":
            return _compose(dict(parse_options(rest, "compose", _compose_options(), EXAMPLES[0])))
        case "help":
            return Help()
        case "mydata":
            return _mydata(rest)
        case "tune" | "top" | "mine" | "tunebook" as name:
            return _tune_command(name, rest)
        case "report" | "reports" | "moderate" as name:
            return _report(name, rest)
        case "model" if model:
            return _model(rest)
    names = [f"/{name}" for name in dict.fromkeys(command.name.split()[0] for command in commands(model))]
    existing = f"{', '.join(names[:-1])} and {names[-1]}"
    near = get_close_matches(f"/{word.lower()}", names, 1)
    raise Unclear(f"There is no command /{word[:20]}: there are {existing}.", f"{near[0]} {rest}" if near else "/help")


def _plain(text: str) -> Compose:
    """What was said without a command. Unclear where it is not plain."""
    understood = understand(text)
    if understood is None:
        raise Unclear(f"I only play by request: type / for what I can do, or try {EXAMPLES[0]}", EXAMPLES[0])
    if not understood.whole:
        raise Unclear("I did not understand all of that. Did you mean this?", understood.command)
    return _compose(dict(parse_options(understood.command[9:], "compose", _compose_options(), EXAMPLES[0])))


def _tune_command(name: str, text: str) -> TuneCommand:
    """A command that finds tunes, from the text after its name."""
    (command,) = (each for each in tune_commands.COMMANDS if each.name == name)
    example = f"/{name} {command.options[0].name}:1" if command.options else f"/{name}"
    return parse_tune_command(name, dict(parse_options(text, name, command.options, example)))


def prompt_options(prompt: Prompt, count: int = 1) -> list[tuple[str, str]]:
    """(name, value) of the options that ask for this prompt, without those at their defaults.

    A variation has no command; its options name the tune and what is kept of it.
    """
    if prompt.vary:
        title = _TITLE.search(prompt.opening)
        if prompt.vary == EDITED:
            return [("tune", title[1] if title else "?")]
        return [("tune", title[1] if title else "?"), ("keep", _KEPT[prompt.vary]), ("seed", str(prompt.seed))]
    default = Prompt(prompt.key, prompt.rhythm)
    options = [("key", str(prompt.key)), ("rhythm", prompt.rhythm)]
    if prompt.temperature != default.temperature:
        options.append(("temperature", f"{prompt.temperature:g}"))
    if prompt.form != default.form:
        options.append(("form", str(prompt.form)))
    options.append(("seed", str(prompt.seed)))
    if prompt.opening:
        options.append(("opening", f'"{prompt.opening}"'))
    if prompt.transpose:
        options.append(("transpose", "yes"))
    if prompt.tempo is not None:
        options.append(("tempo", str(prompt.tempo)))
    if prompt.instrument is not None:
        options.append(("instrument", prompt.instrument))
    if not prompt.band:
        options.append(("band", "no"))
    if count != 1:
        options.append(("count", str(count)))
    return options


def _model(text: str) -> ModelCommand:
    """A /model command, from the text after `/model`."""
    action, command, rest = _action(text, "model", model_commands.COMMANDS, "What about the model?")
    example = f"/model {action} {command.options[0].name}:1" if command.options else f"/{command.name}"
    return model_commands.parse_action(action, dict(parse_options(rest, command.name, command.options, example)))


def _mydata(text: str) -> MyDataCommand:
    """A /mydata command, from the text after `/mydata`."""
    action, command, rest = _action(text, "mydata", mydata.COMMANDS, "What about your data?")
    example = f"/{command.name}{' tunes:keep' if command.options else ''}"
    return mydata.parse_action(action, dict(parse_options(rest, command.name, command.options, example)))


def _report(name: str, text: str) -> ReportCommand:
    """A command about a report, from the text after its name."""
    (command,) = (each for each in (report_commands.REPORT, *report_commands.ADMINS) if each.name == name)
    example = f"/{name}{' id:42' if command.options else ''}"
    return report_commands.parse_report(name, dict(parse_options(text, name, command.options, example)))


def _action(text: str, name: str, table: Iterable[Command], question: str) -> tuple[str, Command, str]:
    """The action that a text begins with, its command, and the rest. BadRequest where it is none of the table's."""
    word, rest = [*text.split(maxsplit=1), "", ""][:2]
    command = next((each for each in table if each.name == f"{name} {word.lower()}"), None)
    if command is None:
        actions = ", ".join(each.name.split()[1] for each in table)
        raise BadRequest(f"{question} After /{name} comes one of {actions}.")
    return word.lower(), command, rest


def _compose(options: dict[str, str]) -> Compose:
    if not options.get("key"):
        raise BadRequest(f"Which key? Name one, for example {EXAMPLES[0]}")
    count = parse_count(options.pop("count", 1), MOST_TUNES)
    temperature = options.pop("temperature", None) or 1.0
    return Compose(parse_prompt(temperature=temperature, **options), count)


@cache
def _compose_options() -> tuple[Option, ...]:
    low, high = TEMPERATURES
    yes_or_no = Value("yes", "to the nearest octave that fits a fiddle"), Value("no", "it has to be in this key")
    instruments = tuple(Value(name) for name in INSTRUMENTS)
    band = Value("yes", "the melody in front of a band"), Value("no", "the melody alone")
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
        Option("tempo", f"beats a minute, {TEMPOS[0]} to {TEMPOS[1]}; the dance's own when left out"),
        Option("instrument", "what plays the tune, within its range", instruments, closed=True),
        Option("band", "guitar, bass and bodhrán behind it", band, closed=True),
        Option("count", f"how many tunes, 1 to {MOST_TUNES}", counts, closed=True),
    )


def _keys() -> Iterator[Value]:
    for key in ordered_keys():
        yield Value(str(key), key.name)


def _rhythms() -> Iterator[Value]:
    for rhythm in RHYTHMS.values():
        yield Value(rhythm.name, f"{rhythm.metre.beats}/{rhythm.metre.unit} time, {rhythm.tempo} bpm", rhythm.aliases)


def _forms() -> Iterator[Value]:
    for parts in Form.FORMS:
        yield Value(parts, FORMS[parts])
    for parts in Form.FORMS:
        for bars in Form.BARS:
            yield Value(f"{parts}:{bars}", f"{bars} bars a part")
