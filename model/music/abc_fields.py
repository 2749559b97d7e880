"""The values of ABC's information fields (ABC standard 2.1, sections 3 and 4.6), and what may stand behind them."""

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

from model.errors import InputError, NotationError
from model.music.key import MODES, Key

_WORD = re.compile(r'[ \t]*((?:[^\s="]|"[^"]*"(?!\S))*=?(?:"[^"]*"|[^\s"]*))')
_ACCIDENTAL = re.compile(r"(\^\^?|__?|=)([A-Ga-g])")
_ACCIDENTALS = re.compile(r"(?:(?:\^\^?|__?|=)[A-Ga-g])+")
_KEY = re.compile(r"([A-Ga-g]) ?(#|b|♯|♭|sharp\b|flat\b)? ?([A-Za-z]*)")
_MODE_WORD = re.compile(r"(?:maj|ion|min|aeo|mix|dor|phr|lyd|loc)[a-z]*|m", re.IGNORECASE)
_MODE_IN_BRACKETS = re.compile(rf"\(?\b({_MODE_WORD.pattern})\b[.)]+", re.IGNORECASE)  # `(dorian)`, `Min.`
_KEY_WITH_ACCIDENTALS = re.compile(rf"[A-G][#b]?[A-Za-z]*{_ACCIDENTALS.pattern}")
_CLEF = re.compile(
    r"(?:treble|bass|alto|tenor|soprano|mezzo-?soprano|baritone|subbass|perc(?:ussion)?|auto|none|[GFCP])?"
    r"[1-5]?(?P<shift>(?P<sign>[+^_-]?)(?P<octaves>8|15)(?:v[ab]|m[ab])?)?",
    re.IGNORECASE,
)
_OCTAVES = {"8": 1, "15": 2}
_WITHOUT_SOUND = """
    name nm subname sname snm stafflines staffscale stem gstem dyn lyrics gchord vocal cue style merge up down staves
    brace bracket clef program scale order
"""
_QUIET = frozenset(_WITHOUT_SOUND.split())
ALTERS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}


@dataclass(frozen=True)
class Options:
    """What `K:` and `V:` say beside key and name. `octave`: how far it moves the notes. `named`: what is left out."""

    octave: int = 0
    named: tuple[str, ...] = ()
    moves: bool = False  # whether anything was said of the octave


@dataclass(frozen=True)
class KeyField:
    """A `K:` field. `key` is None where it has none (a clef alone); `tonic` is False where it gives a signature alone.

    `own_signature` says that accidentals were given one by one. `rest` is what stands behind the key in the line.
    """

    key: Key | None
    signature: tuple[int, ...]
    options: Options
    tonic: bool = True
    own_signature: bool = False
    rest: str = ""


def key_field(value: str) -> KeyField:
    """Read `D`, `A mix`, `D Phr ^f`, `exp _b`, `none`, `clef=bass`, ... Raises NotationError for what is no key."""
    words, rest = _words(_MODE_IN_BRACKETS.sub(r"\1", value))
    name = [word for word in words if not (_is_option(word) or _ACCIDENTALS.fullmatch(word) or word == "exp")]
    words = [word for word in words if word not in name]
    attached = _ACCIDENTALS.search(name[-1]) if name else None
    if attached and attached.end() == len(name[-1]):
        words.insert(0, attached[0])
        name[-1] = name[-1][: attached.start()]
    explicit = "exp" in words
    accidentals = [pair for word in words if _ACCIDENTALS.fullmatch(word) for pair in _ACCIDENTAL.findall(word)]
    options = options_of([w for w in words if w != "exp" and not _ACCIDENTALS.fullmatch(w)])
    if not name and (words or rest) and not accidentals and not explicit:
        return KeyField(None, (), options, rest=rest)
    key, strange = _key_of(name)
    options = replace(options, named=(*options.named, *(f"K: {word[:20]}" for word in strange if word != "none")))
    return _with_signature(key, explicit, accidentals, options, rest)


def _key_of(words: list[str]) -> tuple[Key | None, list[str]]:
    """The key that words name, and those behind it that say nothing of a key."""
    for end in range(len(words), 1, -1):
        with suppress(NotationError):
            return _key(" ".join(words[:end])), words[end:]
    return _key("".join(words[:1])), words[1:]


def _with_signature(
    key: Key | None, explicit: bool, accidentals: list[tuple[str, str]], options: Options, rest: str
) -> KeyField:
    alters = list((0,) * 7 if explicit or key is None else key.signature)
    for sign, letter in accidentals:
        alters["CDEFGAB".index(letter.upper())] = ALTERS[sign]
    signature = tuple(alters)
    if explicit and key is not None:
        key = min(
            (key.with_mode(mode) for mode in MODES),
            key=lambda k: sum(a != b for a, b in zip(k.signature, signature, strict=True)),
        )
    own = bool(accidentals) or explicit
    tonic = key is not None
    key = key or Key(0, 0, "")
    return KeyField(key, signature, options, tonic, own and signature != key.signature, rest)


def _words(value: str) -> tuple[list[str], str]:
    """The words of a `K:` field, and what follows them: another field, or music."""
    words: list[str] = []
    place = 0
    while match := _WORD.match(value, place):
        if not match[1]:
            break
        keyed = any(not _is_option(word) for word in words)
        if re.match(r"\[?[A-Za-z]:", match[1]) or (keyed and _is_music(match[1], len(words))):
            break
        words.append(match[1])
        place = match.end()
    return words, value[place:].strip()


def _is_music(word: str, before: int) -> bool:
    """Whether a word behind a key is music: `K:D DFA dAF|` is what a message of one line has."""
    if _is_option(word) or _ACCIDENTALS.fullmatch(word) or word == "exp" or _MODE_WORD.fullmatch(word):
        return False
    return bool(re.match(r"[|\[(\"]|:?\||[\^_=]?[A-Ga-gz][A-Ga-gz0-9,'/^_=(|><-]*$", word)) and not (
        before == 1 and word in ("b", "#")
    )


def _key(name: str) -> Key | None:
    """The key of a name; None for `none`. Only the first three letters of a mode count."""
    if name.lower() in ("", "none"):
        return None
    if name in ("HP", "Hp"):  # Highland pipes: the A mixolydian scale with F and C sharp
        return Key.parse("Amix")
    match = _KEY.fullmatch(name)
    if match and len(match[3]) > 3 and match[3][:3].lower() in MODES_BY_LETTERS:
        name = name[: match.start(3)] + match[3][:3]
    try:
        return Key.parse(name)
    except InputError as error:
        raise NotationError(str(error)) from error


MODES_BY_LETTERS = ("maj", "ion", "min", "aeo", "mix", "dor", "phr", "lyd", "loc")


def _is_option(word: str) -> bool:
    """Whether it is `name=value`, or a clef by itself; `none` may be a key."""
    if re.match(r"[A-Za-z][\w-]*=", word) and not _KEY_WITH_ACCIDENTALS.fullmatch(word):
        return True
    return (
        len(word) > 1
        and word.lower() != "none"
        and bool(_CLEF.fullmatch(word))
        and not re.fullmatch(r"[GFC][1-5]", word)
    )


def options_of(words: list[str]) -> Options:
    """The options of a `K:` or `V:` field; those that Tunesmith leaves out by their names."""
    octave, named, moves = 0, [], False
    for word in words:
        name, given, value = word.partition("=")
        value = value.strip('"')
        if not given and not _CLEF.fullmatch(word):
            continue  # a voice's name without `name=`
        if name == "octave":
            if not re.fullmatch(r"[+-]?\d", value):
                raise NotationError(f"octave={value[:12]}: expected a number such as -1")
            octave, moves = octave + int(value), True
        elif name in ("clef", "") or not given:
            clef = _CLEF.fullmatch(value if given else word)
            if clef and clef["shift"] and clef["sign"] not in ("+", "-"):
                named.append(f"clef {(value or word)[:12]}")  # an 8 that is printed and moves nothing
            elif clef and clef["shift"]:
                octave, moves = octave + int(clef["sign"] + "1") * _OCTAVES[clef["octaves"]], True
            if not clef or "perc" in word.lower():
                named.append("percussion clef" if "perc" in word.lower() else f"clef {value[:12]}")
        elif name not in _QUIET:
            named.append(f"{name[:20]}=")
    return Options(octave, tuple(named), moves)


def voice_field(value: str) -> tuple[str, Options]:
    """A `V:` field's voice and options."""
    words = re.findall(r'[^\s="]+=(?:"[^"]*"|\S*)|"[^"]*"|\S+', value)
    return (words[0] if words else ""), options_of([word for word in words[1:] if not word.startswith('"')])


_UNIT = re.compile(r"(\d{1,3})(?:[ \t]*/[ \t]*(\d{1,3}))?(?![\d/])")


def unit_length(text: str) -> tuple[Fraction, str]:
    """`1/8` of an `L:` field, and what follows it."""
    match = _UNIT.match(text)
    if match is None or int(match[1]) == 0 or int(match[2] or int(match[1]) == 1) == 0:  # L:1 is one, L:8 a mistake
        raise NotationError(f"unit length {text[:20]!r}: write it like 1/8")
    return Fraction(int(match[1]), int(match[2] or 1)), text[match.end() :].strip()


def tempo(text: str) -> tuple[Fraction, int] | None:
    """(beat, beats a minute) of a `Q:` field; None where it gives no number."""
    bare = re.sub(r'"[^"]*"', " ", text)
    match = re.search(r"(?<!\d)(\d{1,3})\s?/\s?(\d{1,3})\s?=\s?(\d{1,3})(?!\d)", bare)
    beat, unit, count = (
        map(int, match.groups()) if match else (1, 4, int(bare) if re.fullmatch(r"\s*\d{1,3}\s*", bare) else 0)
    )
    return (Fraction(beat, unit), count) if beat and unit and count else None
