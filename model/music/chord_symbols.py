"""Chord symbols: the `"Am7"` that accompanists play from (ABC standard 2.1, section 4.18)."""

import re
from fractions import Fraction
from typing import NamedTuple

from model.music.key import LETTERS, Pitch, transpose_pitch

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
