"""The stretches of a melody that take a chord each, and what the harmoniser looks at in them.

Half a bar in 6/8, 2/4, 4/4 and their like, a beat in 9/8, a bar in 3/4 and in metres without halves.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from model.music.grid import bar_lengths, bar_places, units
from model.music.parts import sections
from model.music.tune import Bar, Metre, Tune

PHRASE = 4  # bars
_STEP = 2  # semitones; more is a leap


class Tone(NamedTuple):
    """What of a note falls into a span: from `place` after its start, in units of the grid, for `share` of its length.

    `pitch` is a MIDI number; `leaps` counts the sides, 0 to 2, on which a leap joins the note to its neighbour.
    """

    place: int
    share: float
    pitch: int
    leaps: int


class Span(NamedTuple):
    """A stretch of the bar with index `bar` that begins at `start` in a full bar, in units of the grid.

    `onset` is where its first note begins, later than `start` in a pickup, before it where a note is held into it.
    """

    bar: int
    start: int
    onset: int
    tones: tuple[Tone, ...]

    @property
    def held(self) -> bool:
        """Whether a note sounds on into it, so that no chord can be written above its start."""
        return self.onset < self.start


class Place(NamedTuple):
    """Where a bar stands: the bar `number` of the `bars` of its part, counted from 0 as they are played once.

    Of a pickup `number` is -1. Bars of a second ending have the numbers of those of the first.
    """

    number: int
    bars: int


def span_length(metre: Metre) -> Fraction:
    """How long a chord lasts at least, in whole notes."""
    if metre.compound and metre.beats % 2:
        return Fraction(3, metre.unit)
    if metre.beats == 3 and metre.unit <= 2:
        return Fraction(1, metre.unit)
    return metre.length / 2 if metre.beats % 2 == 0 else metre.length


def spans(tune: Tune) -> list[Span]:
    """The spans of `tune` in the order in which they are written."""
    length = units(span_length(tune.metre))
    inside: dict[tuple[int, int], list[tuple[_Note, int]]] = {}
    notes = _notes(tune)
    for note, leaps in zip(notes, _leaps(notes), strict=True):
        first, last = note.start // length, (note.end - 1) // length
        for index in range(first, max(first, last) + 1):
            inside.setdefault((note.bar, index), []).append((note, leaps))
    return [_span(bar, index * length, length, notes) for (bar, index), notes in inside.items()]


def places(tune: Tune) -> list[Place]:
    """The place of each bar of `tune`."""
    full = units(tune.metre.length)
    lengths = iter(bar_lengths(tune.bars))
    found: list[Place] = []
    for section in sections(tune):
        numbers = _numbers(section, [3 * next(lengths) >= 2 * full for _ in section])
        found += [Place(number, max(numbers) + 1) for number in numbers]
    return found


def _numbers(section: Sequence[Bar], whole: Sequence[bool]) -> list[int]:
    """The number of each bar of a part; `whole` says which are no pickups."""
    numbers: list[int] = []
    number, body = -1, -1  # `body` is the last bar before the endings
    for index, bar in enumerate(section):
        if bar.ending == 1:
            body = number
        elif bar.ending > 1:
            number = body
        number += bool(whole[index] or index)
        numbers.append(number)
    return numbers


class _Note(NamedTuple):
    """A note or rest in its bar, from `start` to `end` in units of the grid."""

    bar: int
    start: int
    end: int
    pitch: int | None


def _notes(tune: Tune) -> list[_Note]:
    lengths = bar_lengths(tune.bars)
    found: list[_Note] = []
    for index, (bar, place) in enumerate(zip(tune.bars, bar_places(lengths, tune.bars, tune.metre), strict=True)):
        for note in bar.notes:
            end = place + units(note.length)
            found.append(_Note(index, place, end, note.pitch.midi if note.pitch else None))
            place = end
    return found


def _leaps(notes: Sequence[_Note]) -> list[int]:
    """For each note the number of sides on which a leap joins it to its neighbour; rests do not part neighbours."""
    leaps = [0] * len(notes)
    before: int | None = None  # the index of the last note that sounds
    for index, note in enumerate(notes):
        if note.pitch is None:
            continue
        if before is not None and abs(note.pitch - (notes[before].pitch or 0)) > _STEP:
            leaps[before] += 1
            leaps[index] += 1
        before = index
    return leaps


def _span(bar: int, start: int, length: int, notes: Sequence[tuple[_Note, int]]) -> Span:
    tones = []
    for note, leaps in notes:
        if note.pitch is not None:
            begin, end = max(note.start, start), min(note.end, start + length)
            tones.append(Tone(begin - start, (end - begin) / length, note.pitch, leaps))
    return Span(bar, start, notes[0][0].start, tuple(tones))
