from fractions import Fraction

from model.music.abc_reader import parse
from model.music.grid import GRID, bar_lengths, bar_places, units


def test_lengths_of_notes_and_tuplets_are_exact() -> None:
    for denominator in (1, 2, 4, 8, 16, 32, 64, 128, 3, 5, 6, 7, 9, 12, 24, 48):
        assert Fraction(units(Fraction(1, denominator)), GRID) == Fraction(1, denominator)
    assert units(Fraction(1, 11)) == round(Fraction(GRID, 11))


def test_a_pickup_begins_late_in_its_bar_and_a_split_bar_goes_on() -> None:
    bars = parse("X:1\nM:4/4\nL:1/8\nK:D\nA2|d4 d4|d4|d4|d6||A2|d6|]").bars
    eighth = GRID // 8
    assert bar_places(bar_lengths(bars), bars, parse("X:1\nM:4/4\nK:D\nd|").metre) == [
        *(6 * eighth, 0, 0, 4 * eighth, 0, 6 * eighth, 0)
    ]
