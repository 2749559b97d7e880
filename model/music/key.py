"""Keys: tonic + mode, spelled as in ABC's `K:` field, and pitches spelled with a letter and an accidental."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from model.errors import InputError

LETTERS = "CDEFGAB"
NATURAL = (0, 2, 4, 5, 7, 9, 11)  # semitones of the letters above C
SHARP_ORDER = (3, 0, 4, 1, 5, 2, 6)  # F C G D A E B, as steps above C

MODES = {  # name in ABC -> fifths of its signature relative to the major key on the same tonic
    "": 0,
    "m": -3,
    "dor": -2,
    "phr": -4,
    "lyd": 1,
    "mix": -1,
    "loc": -5,
}
MODE_NAMES = {
    "": "major",
    "m": "minor",
    "dor": "dorian",
    "phr": "phrygian",
    "lyd": "lydian",
    "mix": "mixolydian",
    "loc": "locrian",
}
_SPELLED = {"maj": "", "ion": "", "min": "m", "aeo": "m", "m": "m", "": ""} | {
    mode: mode for mode in ("dor", "phr", "lyd", "mix", "loc")
}
_MODE_WORDS = {
    **{word: mode for mode, word in MODE_NAMES.items()},
    "ionian": "",
    "aeolian": "m",
}
_KEY = re.compile(r"([A-Ga-g]) ?(#|b|♯|♭|sharp\b|flat\b)? ?([A-Za-z]*)")


class Pitch(NamedTuple):
    """A spelled pitch. `step` 0-6 = C-B; `alter` in semitones; octave 4 starts at middle C (ABC's `C`)."""

    step: int
    alter: int
    octave: int

    @property
    def midi(self) -> int:
        """MIDI note number; middle C is 60."""
        return NATURAL[self.step] + self.alter + 12 * (self.octave + 1)

    @property
    def line(self) -> int:
        """Diatonic place: steps above C0, whatever the accidental."""
        return self.step + 7 * self.octave


def transpose_pitch(pitch: Pitch, steps: int, semitones: int) -> Pitch:
    """Move a spelled pitch by a spelled interval of `steps` letters and `semitones`."""
    octave, step = divmod(pitch.line + steps, 7)
    alter = pitch.midi + semitones - (NATURAL[step] + 12 * (octave + 1))
    return Pitch(step, alter, octave)


@dataclass(frozen=True)
class Key:
    """`step` 0-6 = C-B and `alter` -1, 0 or 1 name the tonic; `mode` is a key of MODES."""

    step: int
    alter: int
    mode: str

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read `D`, `Gm`, `Edor`, `A mixolydian`, `f# minor`. Raises InputError for anything else.

        Keys of more than seven accidentals have no signature; the error names the key that musicians write instead.
        """
        match = _KEY.fullmatch(" ".join(text.split()))
        mode = _mode(match[3]) if match else None
        if match is None or mode is None:
            raise InputError(f"unknown key {text[:20]!r}: write a tonic and a mode, such as D, Gm, Edor, Amix or F#m")
        alter = {None: 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}[match[2]]
        key = cls(LETTERS.index(match[1].upper()), alter, mode)
        if abs(key.fifths) > 7:
            raise InputError(f"{key} has more than seven accidentals: ask for {key.respelled()}")
        return key

    def __str__(self) -> str:
        return f"{self.tonic}{self.mode}"

    @property
    def tonic(self) -> str:
        return LETTERS[self.step] + {-1: "b", 0: "", 1: "#"}[self.alter]

    @property
    def name(self) -> str:
        """In words: `E dorian`."""
        return f"{self.tonic} {MODE_NAMES[self.mode]}"

    @cached_property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) in the signature."""
        return (0, 2, 4, -1, 1, 3, 5)[self.step] + 7 * self.alter + MODES[self.mode]

    @cached_property
    def signature(self) -> tuple[int, ...]:
        """The alteration of each letter C-B under this signature."""
        alters = [0] * 7
        for count in range(abs(self.fifths)):
            if self.fifths > 0:
                alters[SHARP_ORDER[count % 7]] += 1
            else:
                alters[SHARP_ORDER[6 - count % 7]] -= 1
        return tuple(alters)

    @property
    def tonic_class(self) -> int:
        """Pitch class of the tonic, 0-11."""
        return (NATURAL[self.step] + self.alter) % 12

    @cached_property
    def scale(self) -> tuple[int, ...]:
        """The pitch classes of its notes, from C to B."""
        return tuple((natural + alter) % 12 for natural, alter in zip(NATURAL, self.signature, strict=True))

    def respelled(self) -> "Key":
        """The enharmonic spelling with the fewest accidentals."""
        candidates = [
            Key(step, alter, self.mode)
            for step in range(7)
            for alter in (-1, 0, 1)
            if (NATURAL[step] + alter) % 12 == self.tonic_class
        ]
        return min(candidates, key=lambda key: (abs(key.fifths), key.fifths < 0))

    def with_mode(self, mode: str) -> "Key":
        return Key(self.step, self.alter, mode)


def _mode(word: str) -> str | None:
    lowered = word.lower()
    if word == "M":
        return ""
    if lowered in _SPELLED:
        return _SPELLED[lowered]
    if len(lowered) < 3 or lowered[:3] not in _SPELLED:
        return None
    # ABC 2.1 counts only the first three letters; a wrong word (`dorky`) is still a typing mistake
    whole = any(name.startswith(lowered) for name in _MODE_WORDS)
    return _SPELLED[lowered[:3]] if whole else None


def all_keys() -> list[Key]:
    """Every key with at most seven accidentals in the modes of MODES, by mode, then round the circle of fifths."""
    return sorted(
        (
            key
            for mode in MODES
            for step in range(7)
            for alter in (-1, 0, 1)
            if abs((key := Key(step, alter, mode)).fifths) <= 7
        ),
        key=lambda key: (list(MODES).index(key.mode), key.fifths),
    )
