"""The symbols of ABC notation (ABC standard 2.1): what stands in a line of music, and the values of fields."""

import re
from fractions import Fraction

from model.errors import NotationError

_LENGTH = r"(?P<{0}>\d{{1,4}}(?:/{{1,8}}\d{{0,4}})?|/{{1,8}}\d{{0,4}})?"
MUSIC = re.compile(
    r"(?P<space>[\s`$*]+|\\\s*$|y\d*)"
    r"|(?P<chord_symbol>\"[^\"]*\")"
    r"|(?P<bar>(?:\.?:*\[?\|[|\]:]*|::+|:)(?:\s*\[(?P<ending1>\d[\d,\-.]*)|(?P<ending2>\d[\d,\-.]*))?"
    r"|\[(?P<ending3>\d[\d,\-.]*))"
    r"|(?P<decoration>![A-Za-z0-9.()<>+/,']+!|!D\.[SC]\. al (?:coda|fine)!|\+[A-Za-z0-9.]+\+|[.~H-Wh-w])"
    r"|(?P<line_break>!)"
    r"|(?P<grace>\{[^}]*\})"
    r"|(?P<inline>\[(?P<inline_name>[A-Za-z]):(?P<inline_value>[^\]]*)\])"
    r"|(?P<tuplet>\((?P<p>[2-9])(?::(?P<q>\d{0,2})(?::(?P<r>\d{0,2}))?)?)"
    r"|(?P<slur>[()])"
    r"|(?P<chord>\[(?P<chord_notes>[^\]|:]*)\]" + _LENGTH.format("chord_length") + r"(?P<chord_tie>-?))"
    r"|(?P<broken>>{1,3}|<{1,3})"
    r"|(?P<stray_tie>-)"
    r"|(?P<note>(?P<accidental>\^\^?|__?|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)"
    + _LENGTH.format("length")
    + r"\s*(?P<tie>-?))"
    r"|(?P<rest>[zxZ]" + _LENGTH.format("rest_length") + r")"
)
CHORD_NOTE = re.compile(r"(\^\^?|__?|=)?([A-Ga-g])([,']*)(\d{0,4}/{0,8}\d{0,4})(-?)")
KINDS = (  # the groups of MUSIC, most frequent first, that say what a symbol is
    "space",
    "note",
    "bar",
    "rest",
    "broken",
    "stray_tie",
    "tuplet",
    "line_break",
    "decoration",
    "chord_symbol",
    "grace",
    "inline",
    "slur",
    "chord",
)


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
        raise NotationError(f"note length {text[:12]!r}")
    return Fraction(int(top or 1), int(bottom) if bottom else 2**slashes)


def unit_length(text: str) -> Fraction:
    """`1/8` of an `L:` field."""
    match = re.match(r"^\s*(\d{1,3})\s*(?:/\s*(\d{1,3}))?\s*$", text)
    if match is None or int(match[1]) == 0 or (match[2] is not None and int(match[2]) == 0):
        raise NotationError(f"unit length {text[:20]!r}: write it like 1/8")
    return Fraction(int(match[1]), int(match[2] or 1))


def tempo(text: str) -> tuple[Fraction, int] | None:
    """(beat, beats a minute) of a `Q:` field; None where it gives no number."""
    match = re.search(r"(?<!\d)(\d{1,3})\s?/\s?(\d{1,3})\s?=\s?(\d{1,3})(?!\d)", text)
    beat, unit, count = (
        map(int, match.groups()) if match else (1, 4, int(text) if re.fullmatch(r"\d{1,3}", text) else 0)
    )
    return (Fraction(beat, unit), count) if beat and unit and count else None


def plain(text: str) -> str:
    """A text field without ABC's backslash escapes, its spaces made single."""
    return " ".join(text.replace("\\", "").split())
