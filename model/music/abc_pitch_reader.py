"""Letters, accidentals and octave marks of ABC -> pitches, under a key signature (ABC 2.1, sections 4.1 and 4.2)."""

from dataclasses import dataclass, field

from model.errors import NotationError
from model.music.abc_fields import ALTERS
from model.music.key import LETTERS, Pitch


@dataclass
class Pitches:
    """The signature and the accidentals of the bar that is read. `octave` moves all notes."""

    signature: tuple[int, ...] = (0,) * 7
    octave: int = 0
    by_octave: bool = False  # whether an accidental holds in its own octave alone
    holds: bool = True  # whether it holds to the end of the bar
    accidentals: dict[int, int] = field(default_factory=dict)  # step, or line of the staff -> alter

    def read(self, accidental: str | None, letter: str, marks: str, tied: Pitch | None) -> Pitch:
        """The pitch of `^c'`, say. `tied` is the one before it, where a tie leads here and carries its accidental."""
        step = LETTERS.index(letter.upper())
        octave = (5 if letter.islower() else 4) + marks.count("'") - marks.count(",") + self.octave
        if not -1 <= octave <= 9:
            raise NotationError(f"the note {letter}{marks[:9]} is outside any instrument's range")
        held = step + 7 * octave if self.by_octave else step
        if accidental:
            alter = ALTERS[accidental]
            if self.holds:
                self.accidentals[held] = alter
        elif tied and (tied.step, tied.octave) == (step, octave):
            alter = tied.alter
        else:
            alter = self.accidentals.get(held, self.signature[step])
        return Pitch(step, alter, octave)
