"""Lengths and places as integers: a fraction takes some thirty times as long to add."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from model.music.tune import Bar, Metre

GRID = 40320  # to a whole note: 8!, which every length down to 1/128 and its tuplets of 3, 5, 6, 7 and 9 divide


def units(length: Fraction) -> int:
    """A length in whole notes as a multiple of 1/GRID, rounded where it is none."""
    numerator, denominator = length.as_integer_ratio()
    return (2 * GRID * numerator + denominator) // (2 * denominator)


def bar_lengths(bars: Iterable[Bar]) -> list[int]:
    """The length of the notes of each bar, in units of the grid."""
    return [sum([units(note.length) for note in bar.notes]) for bar in bars]


def bar_places(lengths: Sequence[int], bars: Sequence[Bar], metre: Metre) -> list[int]:
    """For each bar, the place in a full bar of its first note, in units of the grid: a pickup begins late.

    `lengths` are those of `bar_lengths`.
    """
    full = units(metre.length)
    places: list[int] = []
    end = 0  # where the bar before stopped, 0 if it was full
    for index, (bar, length) in enumerate(zip(bars, lengths, strict=True)):
        place = 0
        if length < full and bar.ending < 2:
            if end and end + length <= full:
                place = end
            elif index == 0 or bar.start_repeat:
                place = full - length
        places.append(place)
        end = (place + length) % full
    return places
