"""How alike tunes are, from their ABC text alone: a hundred comparisons take a few milliseconds.

Tunes are compared as in model.sampling.originality, by (interval, length) sequences, but with intervals in steps of the
scale: within one mode these are as good as semitones, and can be read off ABC's letters.
"""

import re
from collections.abc import Sequence

from rapidfuzz.distance import OSA

_NOTE = re.compile(r"([A-Ga-g])([,']*)(\d*/*\d*)")
_FIELD = re.compile(r"^[A-Za-z]:(?![|:\]]).*$", re.MULTILINE)
_NO_MUSIC = re.compile(r'"[^"]*"|!.*?!|\[[A-Za-z]:[^\]]*\]|%.*$', re.MULTILINE)
_LETTERS = "CDEFGABcdefgab"
_WIDEST = 40  # steps; more are taken for so many
_LENGTHS = ("", "2", "3", "4", "6", "/", "/2", "3/", "3/2", "8", "5", "7")
_FIRST = 0x100  # characters that no two meanings share


def alike(abc: str, others: Sequence[str]) -> list[float]:
    """How alike a tune is to each of others of its mode, 0 to 1."""
    steps = contour(abc)
    return [OSA.normalized_similarity(steps, contour(other)) for other in others]


def contour(abc: str) -> str:
    """A character for each note: its interval from the one before, in steps of the scale, and its length."""
    music = _NO_MUSIC.sub("", _FIELD.sub("", abc))
    steps, last = [], None
    for letter, octaves, length in _NOTE.findall(music):
        at = _LETTERS.index(letter) + 7 * (octaves.count("'") - octaves.count(","))
        interval = 0 if last is None else max(-_WIDEST, min(_WIDEST, at - last))
        long = _LENGTHS.index(length) if length in _LENGTHS else len(_LENGTHS)
        steps.append(chr(_FIRST + (interval + _WIDEST) * (len(_LENGTHS) + 1) + long))
        last = at
    return "".join(steps)
