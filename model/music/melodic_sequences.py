"""Melodic sequences: a figure that comes again on other steps of the scale."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from model.music.parts import Notes

BAR_NOTES = 4  # the fewest notes of a bar that can be one,
HALF_BAR_NOTES = 3  # and of half a bar
BEFORE = 2  # bars or half bars in which the figure may have stood


def transposes(notes: Notes, other: Notes) -> bool:
    """Whether `notes` are `other` with the same lengths, each the same number of scale steps away, and not none."""
    if len(notes) != len(other) or any(a.length != b.length for a, b in zip(notes, other, strict=True)):
        return False
    moves = {a.pitch.line - b.pitch.line if a.pitch and b.pitch else 0 for a, b in zip(notes, other, strict=True)}
    return len(moves) == 1 and 0 not in moves


def in_sequence(figures: Sequence[Notes], fewest: int) -> list[bool]:
    """For each of `figures`, whether it has `fewest` notes or more and transposes one of the BEFORE before it."""
    return [
        len(figure) >= fewest and any(transposes(figure, other) for other in figures[max(0, place - BEFORE) : place])
        for place, figure in enumerate(figures)
    ]


def half_bars(bars: Sequence[Notes], full: Fraction) -> list[Notes]:
    """The halves of bars of the length `full`, those without notes where a note lies across the middle."""
    halves: list[Notes] = []
    for bar in bars:
        starts = [Fraction(0)]
        for note in bar:
            starts.append(starts[-1] + note.length)
        if full / 2 in starts:
            middle = starts.index(full / 2)
            halves += [bar[:middle], bar[middle:]]
        else:
            halves += [(), ()]
    return halves


def rocking(pitches: Sequence[int]) -> list[bool]:
    """For each window of four neighbouring pitches, whether it goes to and fro between two: x y x y."""
    pairs = list(pairwise(pitches))
    return [one == other and one[0] != one[1] for one, other in zip(pairs, pairs[2:], strict=False)]
