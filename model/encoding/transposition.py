"""Transposition between tonic C, on which the network spells tunes, and any key, within a fiddle's range."""

from dataclasses import dataclass

from model.encoding.tokenizer import MEAN_PITCH
from model.music.key import NATURAL, Key, transpose_pitch
from model.music.parts import Notes, Part

LOWEST, HIGHEST = 55, 83  # MIDI: the fiddle's first position and the fourth finger on its top string, G3 to B5
_CENTRE = 69


@dataclass(frozen=True)
class Transposition:
    """The interval from tonic C up to a key: `steps` letters and `semitones`."""

    steps: int
    semitones: int

    @classmethod
    def to(cls, key: Key) -> "Transposition":
        """To `key`, in the octave in which a tune of mean MEAN_PITCH comes nearest to the middle of the range."""
        semitones = NATURAL[key.step] + key.alter
        octave = min((-1, 0, 1), key=lambda o: abs(MEAN_PITCH + semitones + 12 * o - _CENTRE))
        return cls(key.step, semitones).up(octave)

    def up(self, octaves: int) -> "Transposition":
        """To the same key, `octaves` higher."""
        return Transposition(self.steps + 7 * octaves, self.semitones + 12 * octaves)

    def notes(self, notes: Notes, back: bool = False) -> Notes:
        """`notes` transposed from tonic C to the key, or `back`."""
        sign = -1 if back else 1
        return tuple(
            note._replace(pitch=transpose_pitch(note.pitch, sign * self.steps, sign * self.semitones))
            if note.pitch
            else note
            for note in notes
        )

    def part(self, part: Part, back: bool = False) -> Part:
        """`part` transposed from tonic C to the key, or `back`."""
        return part.each_bar(lambda notes: self.notes(notes, back))
