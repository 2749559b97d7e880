"""The symbols in a line of music of ABC notation (ABC standard 2.1, section 4), one expression for each."""

import re
from collections.abc import Iterator, Set
from fractions import Fraction
from functools import lru_cache

from model.errors import NotationError
from model.music.abc_decorations import LETTERS
from model.music.abc_words import check_shorthands, unreadable

_LENGTH = r"\d{1,4}(?:/{1,8}\d{0,4})?|/{1,8}\d{0,4}"
_ENDING = r"\d{1,2}(?:[,-]\d{1,2})*(?![,-]?\d)(?:\.(?=[ \t]))?"
LEADING_ENDING = re.compile(rf"[ \t]*({_ENDING})(?!\/)")
_SYMBOLS = {  # kind -> expression; the first that fits is taken
    "space": r"[ \t`]+",
    "note": rf"(?P<accidental>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)(?P<length>{_LENGTH})?",
    "bar": rf"(?:\.?:*\[?\|[|\]:]*|::+|:\])(?:[ \t]*\[(?P<ending1>{_ENDING})|(?P<ending2>{_ENDING}))?",
    "rest": rf"[zx](?P<rest_length>{_LENGTH})?",
    "broken": r">{1,3}|<{1,3}",
    "tie": r"\.?-",
    "tuplet": r"\((?P<p>\d{1,2})(?::(?P<q>\d{0,2})(?::(?P<r>\d{0,2}))?)?",
    "slur": r"\.?\(|\)",
    "shorthand": r"[.~H-WYh-w]",
    "text": r'"(?P<text_words>(?:\\.|[^"\\])*)"',
    "grace": r"\{(?P<grace_notes>[^{}|]*)\}",
    "decoration": r"!(?P<name>[^!|]{0,59}[^!|\s])!",
    "inline": r"\[(?P<inline_name>[A-Za-z]):(?P<inline_value>[^\]]*)\]",
    "ending": rf"\[(?P<ending3>{_ENDING})",
    "invisible": r"\[[ \t]*\]",
    "named_ending": r"\[\"(?P<ending4>[^\"\]]*)\"(?=[^\]]*(?:\||$))",
    "chord": rf'\[(?P<chord_notes>(?:"[^"]*"|[^\[\]|":])*)\](?P<chord_length>{_LENGTH})?',
    "bars_of_rest": r"[ZX](?P<rest_bars>\d{1,3})?",
    "spacer": rf"y(?:{_LENGTH})?",
    "plus": rf"\+(?P<plus_words>[^+|\s\"]{{1,60}})\+(?P<plus_length>{_LENGTH})?",
    "line_break": r"\$|!(?=[ \t]*$)|\\[ \t]*$",
    "exclamation": r"!",
    "overlay": r"&+",
    "colon": r":",
    "microtone": r"[\^_]+(?:\d{1,3}(?:/\d{0,3})?|/\d{0,3})",
    "reserved": r"[*;?@\\]",
}
_MUSIC = re.compile("|".join(f"(?P<{kind}>{expression})" for kind, expression in _SYMBOLS.items()))
_IN_CHORD = re.compile(
    rf"(?P<text>\"[^\"]*\")|(?P<decoration>![^!]*!)|(?P<shorthand>[.~H-WYh-w])|(?P<space>[ \t`()]+)"
    rf"|[zx](?:{_LENGTH})?|(?P<tone>(\^\^?|__?|=)?([A-Ga-g])([,']*)({_LENGTH})?(\.?-)?)"
)
_IN_GRACE = re.compile(rf"/?(?:{_IN_CHORD.pattern}|[zxy](?:{_LENGTH})?|[<>\[\]-])*")


def symbols(line: str) -> Iterator[re.Match[str]]:
    """The symbols of a line of music, whose kind is the match's `lastgroup`. Raises NotationError with the column."""
    place = 0
    while place < len(line):
        match = _MUSIC.match(line, place)
        if match is None:
            raise unreadable(line, place)
        place = match.end()
        yield match


def is_music(line: str) -> bool:
    """Whether a line with bar lines is music without a doubt, as one outside a tune has to be."""
    if "|" not in line:
        return False
    try:
        check_shorthands(line, list(symbols(line)), LETTERS, strict=True)
    except NotationError:
        return False
    return True


def tones(match: re.Match[str], known: Set[str]) -> list[tuple[str, str, str, str, str]]:
    """The notes of a chord: accidental, letter, octave marks, length and tie. Raises NotationError with the column.

    Of letters, those in `known` are decorations.
    """
    text, start = match["chord_notes"], match.start("chord_notes")
    found, place = [], 0
    while place < len(text):
        inner = _IN_CHORD.match(text, place)
        if inner is None or (inner["shorthand"] and inner["shorthand"] not in known):
            raise NotationError(
                f"expected a note in the chord {match[0][:20]!r}, not {text[place]!r}", column=start + place + 1
            )
        if inner["tone"]:
            found.append(inner.groups("")[-5:])
        place = inner.end()
    if not found:
        raise NotationError(f"the chord {match[0][:20]!r} has no notes", column=match.start() + 1)
    return found  # type: ignore[return-value]


def check_grace(match: re.Match[str]) -> None:
    """Raises NotationError with the column where there is something else than notes between the braces."""
    notes = match["grace_notes"]
    fitting = _IN_GRACE.match(notes)
    assert fitting is not None
    if fitting.end() < len(notes):
        place = match.start("grace_notes") + fitting.end()
        raise NotationError(f"expected grace notes, not {notes[fitting.end() :][:8]!r}", column=place + 1)


@lru_cache(maxsize=1024)
def length_of(text: str | None) -> Fraction:
    """`3`, `3/2`, `/`, `//`, `/4` -> a multiple of the unit length."""
    if not text:
        return Fraction(1)
    top, slash, bottom = text.partition("/")
    if not slash:
        return Fraction(int(top))
    slashes = 1 + len(bottom) - len(bottom.lstrip("/"))
    bottom = bottom.lstrip("/")
    if bottom and int(bottom) == 0:
        raise NotationError(f"note length {text[:12]!r}: expected a number above 0 after /")
    return Fraction(int(top or 1), int(bottom) if bottom else 2**slashes)
