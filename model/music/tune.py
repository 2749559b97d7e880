"""Tunes as values: notes with exact lengths, bars with their repeats and endings, and metadata.

model.music.abc_reader makes them from ABC text, model.music.abc_writer writes them as such.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from model.errors import InputError
from model.music.chord_symbols import ChordSymbol, transposed
from model.music.key import NATURAL, Key, Pitch
from model.music.spelling import respelled
from model.music.spelling import transposed as transposed_pitch

WHOLE = Fraction(1)
TICKS = 96  # ticks to a whole note: divides every length the model composes with


class Note(NamedTuple):
    """A note, or a rest where `pitch` is None. `length` is in whole notes; `tied` ties it to the next note."""

    pitch: Pitch | None
    length: Fraction
    tied: bool = False


class Remark(NamedTuple):
    """Something in a text that a Tune has no place for: its kind, where it stands, and in which bar (from 1)."""

    kind: str
    line: int
    column: int
    bar: int


@dataclass(frozen=True)
class Metre:
    """ABC's `M:`. `symbol` keeps what beats and unit do not say (`C`, `C|`, `2+3/8`, `none`); otherwise it is empty."""

    beats: int
    unit: int
    symbol: str = ""

    @classmethod
    def parse(cls, text: str) -> "Metre":
        """Reads `6/8`, `2+3/8`, `C`, `C|` or `none`. Raises InputError for anything else, and for one out of range."""
        text = "".join(text.split())
        if text in _SYMBOLS:
            return cls(*_SYMBOLS[text])
        match = re.fullmatch(r"\(?(\d{1,4}(?:\+\d{1,2}){0,7})\)?/(\d{1,4})", text)
        if match is None:
            raise InputError(f"unknown metre {text[:20]!r}: write it like 6/8, 4/4, C or C|")
        metre = cls(sum(map(int, match[1].split("+"))), int(match[2]), text if "+" in text else "")
        if not 1 <= metre.beats <= 32 or metre.unit not in (1, 2, 4, 8, 16, 32):
            raise InputError(f"metre {text[:20]!r} is out of range")
        return metre

    def __str__(self) -> str:
        return self.symbol or f"{self.beats}/{self.unit}"

    @cached_property
    def length(self) -> Fraction:
        """Length of a full bar in whole notes."""
        return Fraction(self.beats, self.unit)

    @property
    def free(self) -> bool:
        """Whether bars may have any length: `M:none`."""
        return self.symbol == "none"

    def like(self, other: "Metre") -> bool:
        """Whether both are one metre, however it was written: `C` and `4/4`."""
        return (self.beats, self.unit, self.free) == (other.beats, other.unit, other.free)

    @property
    def compound(self) -> bool:
        return self.beats in (6, 9, 12)

    @cached_property
    def beam(self) -> Fraction:
        """How long a beamed group is: a dotted beat, half a bar of common time, else a beat."""
        if self.compound:
            return Fraction(3, self.unit)
        return Fraction(1, 2) if self.length == WHOLE else Fraction(1, 4)

    @property
    def default_unit_length(self) -> Fraction:
        """ABC 2.1, section 3.1.7: 1/16 for metres shorter than 3/4, else 1/8."""
        return Fraction(1, 16) if self.length < Fraction(3, 4) else Fraction(1, 8)


_SYMBOLS = {"C": (4, 4, "C"), "C|": (2, 2, "C|"), "none": (4, 4, "none"), "": (4, 4, "none")}


@dataclass(frozen=True)
class Bar:
    """The notes between two bar lines, and the meaning of those lines.

    `ending` is the number of the ending that begins with this bar, 0 for none. `double` is a thin double or final bar
    line at its right. `chords` are the chord symbols above the notes, in order; nothing that composes or compares tunes
    looks at them.
    """

    notes: tuple[Note, ...]
    start_repeat: bool = False
    end_repeat: bool = False
    ending: int = 0
    double: bool = False
    chords: tuple[ChordSymbol, ...] = ()

    @property
    def length(self) -> Fraction:
        return sum((note.length for note in self.notes), Fraction(0))


@dataclass(frozen=True)
class Tune:
    """One melody with its metadata. `remarks` are what the reader left out of the text on purpose."""

    title: str
    key: Key
    metre: Metre
    bars: tuple[Bar, ...]
    rhythm: str = ""
    unit_length: Fraction = Fraction(1, 8)
    tempo: tuple[Fraction, int] | None = None  # beat, beats a minute
    number: int = 1
    remarks: tuple[Remark, ...] = field(default=(), compare=False, repr=False)

    @property
    def dropped(self) -> dict[str, int]:
        """How often each kind of thing was left out."""
        return dict(Counter(remark.kind for remark in self.remarks))

    @property
    def notes(self) -> Iterator[Note]:
        return (note for bar in self.bars for note in bar.notes)

    def joined_notes(self) -> Iterator[tuple[int | None, Fraction]]:
        """MIDI note, None for a rest, and length of each note as written, with tied notes of one pitch as one.

        A tie before a repeat sign or to another ending does not lead to the note that stands next.
        """
        sounding: tuple[int | None, Fraction] | None = None
        tied = False
        for bar in self.bars:
            tied = tied and bar.ending < 2
            for note in bar.notes:
                midi = note.pitch.midi if note.pitch else None
                if sounding and tied and midi is not None and sounding[0] == midi:
                    sounding = midi, sounding[1] + note.length
                else:
                    if sounding:
                        yield sounding
                    sounding = midi, note.length
                tied = note.tied
            tied = tied and not bar.end_repeat
        if sounding:
            yield sounding

    @property
    def pitches(self) -> list[Pitch]:
        return [note.pitch for note in self.notes if note.pitch]

    def played(self) -> list[Bar]:
        """The bars in the order they sound, repeats and endings played out."""
        return [self.bars[index] for index in self.played_order()]

    def played_order(self) -> list[int]:
        """The indices of the bars in the order they sound, repeats and endings played out."""
        order: list[int] = []
        start = index = 0
        again = in_second = False
        while index < len(self.bars):
            bar = self.bars[index]
            if bar.start_repeat and not (again and index == start):
                start, again, in_second = index, False, False
            if bar.ending == 1 and again:
                index = self._second_ending(index)
                continue
            if bar.ending == 2:
                again, in_second = False, True
            order.append(index)
            index += 1
            if in_second:
                if bar.double or bar.end_repeat:
                    in_second, start = False, index
            elif bar.end_repeat and not again:
                again, index = True, start
            elif bar.end_repeat:
                again, start = False, index
        return order

    def _second_ending(self, index: int) -> int:
        while index < len(self.bars) and self.bars[index].ending != 2:
            index += 1
            if self.bars[index - 1].end_repeat:
                break
        return index

    @property
    def played_length(self) -> Fraction:
        """In whole notes, repeats played out."""
        return sum((bar.length for bar in self.played()), Fraction(0))


def transpose(tune: Tune, key: Key, octaves: int = 0) -> Tune:
    """`tune` in `key`. The tonic stays in its octave, which begins with a C, but for `octaves` up.

    Notes of the scale stay notes of the scale; a chromatic note stays as far from it, and is written as `key` has it.
    Raises InputError where `key` is of another mode.
    """
    if key.mode != tune.key.mode:
        raise InputError(f"cannot transpose from {tune.key.name} to {key.name}: the modes differ")
    steps = key.step - tune.key.step + 7 * octaves
    semitones = NATURAL[key.step] + key.alter - NATURAL[tune.key.step] - tune.key.alter + 12 * octaves

    moved = (note.pitch and transposed_pitch(note.pitch, tune.key, steps, semitones, key) for note in tune.notes)
    spelled = respelled(moved, key)

    def in_key(bar: Bar) -> Bar:
        notes = tuple(note._replace(pitch=next(spelled)) for note in bar.notes)
        chords = tuple(ChordSymbol(at, transposed(name, steps, semitones)) for at, name in bar.chords)
        return replace(bar, notes=notes, chords=chords)

    return replace(tune, key=key, bars=tuple(map(in_key, tune.bars)))
