from fractions import Fraction

from bot.render.layout import bar_starts, ending_stops, line_starts
from model.music.abc_reader import parse
from tests.bot.render.tunes import HORNPIPE, JIG, REEL

HEADER = "X:1\nT:Test\nM:6/8\nL:1/8\nK:D\n"
BAR = "dcB ABc|"


def test_lines_have_four_bars_and_begin_with_the_pickup() -> None:
    assert line_starts(parse(REEL)) == {0, 5, 9, 14}


def test_a_second_ending_stays_on_the_line_of_the_first() -> None:
    assert line_starts(parse(JIG)) == {0, 5, 10, 15}


def test_sixteen_bars_a_part_make_four_even_lines() -> None:
    part = f"|:{BAR * 15}d6:|"
    assert line_starts(parse(HEADER + part + part)) == set(range(0, 32, 4))


def test_a_part_of_two_bars_shares_its_line() -> None:
    assert line_starts(parse(f"{HEADER}|:{BAR}d6:||:{BAR}d6:|")) == {0}


def test_crowded_bars_are_spread_over_more_lines() -> None:
    crowded = "d/c/B/A/d/c/ B/A/d/c/B/A/|" * 4
    assert len(line_starts(parse(HEADER + crowded))) == 2


def test_a_pickup_begins_late_in_its_bar() -> None:
    tune = parse(REEL)
    starts = bar_starts(tune.played(), tune.metre)
    assert [index for index, start in enumerate(starts) if start] == [0, 9, 18, 27]
    assert set(starts) == {Fraction(0), Fraction(3, 4)}


def test_each_ending_stops_at_its_own_bar_line() -> None:
    assert ending_stops(parse(JIG)) == {8: 8, 9: 9, 18: 18, 19: 19}


def test_an_ending_that_nothing_closes_is_one_bar_long() -> None:
    tune = parse(f"{HEADER}|:{BAR * 3}[1 {BAR[:-1]}:|[2 {BAR * 8}")
    assert ending_stops(tune) == {3: 3, 4: 4}


def test_a_tune_without_endings_has_none() -> None:
    assert ending_stops(parse(HORNPIPE)) == {}
