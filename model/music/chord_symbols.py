"""Chord symbols: the `"Am7"` that accompanists play from (ABC standard 2.1, section 4.18)."""

import re
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from model.music.key import LETTERS, NATURAL, Pitch, transpose_pitch

_ROOT = r"([A-Ga-g])([#b♯♭=]*)"
_TYPE = r"(?:maj|min|dim|aug|sus|add|omit|no|alt|Maj|Min|M|m|o|ø|°|Δ|h|\+|-|#|b|\d|\(|\)|,)*"
_CHORD = re.compile(rf"\s*\(?{_ROOT}({_TYPE})(?:(/){_ROOT}([+-]?))?\)?\s*")
_NO_CHORD = re.compile(r"\s*N\.?\s?C\.?\s*", re.IGNORECASE)
_SHARPS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "=": 0}


class ChordSymbol(NamedTuple):
    """A chord that begins `at` whole notes into its bar and holds until the next; `name` as it is printed: `Am/G`."""

    at: Fraction
    name: str


def is_chord(text: str) -> bool:
    """Whether a quoted text of ABC names a chord (or says that there is none: `N.C.`) rather than saying something."""
    return bool(_CHORD.fullmatch(text) or _NO_CHORD.fullmatch(text))


class ChordTones(NamedTuple):
    """Pitch classes: the root, what the bass plays, and all tones of the chord, the root first."""

    root: int
    bass: int
    tones: tuple[int, ...]


@cache
def chord_tones(name: str) -> ChordTones | None:
    """The tones of the chord that `name` says; None for `N.C.` and for what is no chord."""
    match = _CHORD.fullmatch(name)
    if match is None:
        return None
    root, accidental, kind, _, bass, bass_accidental, sharper = match.groups()
    base = _class(root, accidental)
    lowest = (_class(bass, bass_accidental) + {"+": 1, "-": -1}.get(sharper, 0)) % 12 if bass else base
    return ChordTones(base, lowest, tuple((base + interval) % 12 for interval in _intervals(kind)))


def _class(letter: str, accidental: str) -> int:
    return (NATURAL[LETTERS.index(letter.upper())] + sum(_SHARPS[sign] for sign in accidental)) % 12


def _intervals(kind: str) -> list[int]:
    """The tones of a type of chord above its root: `m7`, `sus4`, `dim`; what it adds above the seventh is left out."""
    major_seventh = re.search(r"maj|Maj|M|Δ", kind) is not None
    diminished = re.search(r"dim|o(?!mit)|°", kind) is not None
    half = "ø" in kind or "h" in kind
    minor = diminished or half or re.match(r"m(?!aj)|min|Min|-(?!\d)", kind) is not None
    third = [] if kind in ("5", "(5)") or "omit3" in kind or "no3" in kind else [3 if minor else 4]
    if "sus" in kind:
        third = [2 if "sus2" in kind else 5]
    fifth = 6 if diminished or half or "b5" in kind else 8 if "aug" in kind or re.match(r"\+|M?#5", kind) else 7
    seventh = []
    if re.search(r"7|(?<!add)(?:9|11|13)", kind) or half:
        seventh = [9 if diminished else 11 if major_seventh else 10]
    elif "6" in kind:
        seventh = [9]
    return [0, *third, fifth, *seventh]


def transposed(name: str, steps: int, semitones: int) -> str:
    """The chord's name moved by a spelled interval of `steps` letters and `semitones`; `N.C.` stays."""
    match = _CHORD.fullmatch(name)
    if match is None:
        return name
    root, accidental, kind, slash, bass, bass_accidental, _ = match.groups()
    moved = _moved(root, accidental, steps, semitones) + kind
    return moved + slash + _moved(bass, bass_accidental, steps, semitones) if slash else moved


def _moved(letter: str, accidental: str, steps: int, semitones: int) -> str:
    alter = sum(_SHARPS[sign] for sign in accidental)
    pitch = transpose_pitch(Pitch(LETTERS.index(letter.upper()), alter, 4), steps, semitones)
    return LETTERS[pitch.step] + ("#" * pitch.alter if pitch.alter > 0 else "b" * -pitch.alter)
