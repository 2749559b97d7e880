"""The chords that a session's guitarist plays in each mode, and what each does there.

A palette holds triads of the mode's own scale, and in minor the major dominant beside them, whose raised seventh
melodies have too. Function is what the chord does in the tradition, not in a textbook: in the modes without a leading
note the chord on the flat seventh closes phrases as the dominant does in major, and in minor the relative major is a
second tonic.
"""

from enum import IntEnum
from typing import NamedTuple

from model.music.key import LETTERS, NATURAL, Key


class Function(IntEnum):
    """What a chord does in its key. `COLOUR` stands in for another and leads nowhere by itself."""

    TONIC = 0
    DOMINANT = 1
    SUBDOMINANT = 2
    SUPERTONIC = 3
    COLOUR = 4
    RARE = 5


class Chord(NamedTuple):
    """A triad by its root, as steps and semitones above the tonic, its quality ("", "m", "dim") and function."""

    step: int
    root: int
    quality: str
    function: Function

    @property
    def tones(self) -> tuple[int, int, int]:
        """Root, third and fifth in semitones above the tonic, 0-11."""
        third, fifth = {"": (4, 7), "m": (3, 7), "dim": (3, 6)}[self.quality]
        return self.root % 12, (self.root + third) % 12, (self.root + fifth) % 12

    def name(self, key: Key) -> str:
        """As a lead sheet of `key` has it: `F#m`."""
        step = (key.step + self.step) % 7
        alter = (key.tonic_class + self.root - NATURAL[step] + 6) % 12 - 6
        return LETTERS[step] + ("#" * alter if alter > 0 else "b" * -alter) + self.quality


_T, _D, _S, _P, _C, _R = Function
PALETTES: dict[str, tuple[Chord, ...]] = {
    mode: tuple(Chord(*chord) for chord in chords)
    for mode, chords in {
        "": ((0, 0, "", _T), (4, 7, "", _D), (3, 5, "", _S), (1, 2, "m", _P), (5, 9, "m", _C), (2, 4, "m", _R)),
        "mix": ((0, 0, "", _T), (6, 10, "", _D), (3, 5, "", _S), (4, 7, "m", _R)),
        "lyd": ((0, 0, "", _T), (4, 7, "", _D), (1, 2, "", _S), (5, 9, "m", _C)),
        "m": (
            *((0, 0, "m", _T), (6, 10, "", _D), (4, 7, "", _D), (2, 3, "", _T)),
            *((3, 5, "m", _S), (5, 8, "", _P), (4, 7, "m", _R)),
        ),
        "dor": ((0, 0, "m", _T), (6, 10, "", _D), (3, 5, "", _S), (2, 3, "", _C), (4, 7, "m", _R)),
        "phr": ((0, 0, "m", _T), (6, 10, "m", _D), (1, 1, "", _S), (2, 3, "", _C), (3, 5, "m", _P)),
        "loc": ((0, 0, "dim", _T), (6, 10, "m", _D), (4, 6, "", _S), (2, 3, "m", _C), (1, 1, "", _P)),
    }.items()
}
