from bot.render.sheet.layout import NARROW, ending_stops, line_starts, part_letters
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


def test_two_bars_a_line_for_phones() -> None:
    assert line_starts(parse(HORNPIPE), NARROW) == {0, 3, 5, 7, 9, 12, 14, 16}


def test_parts_have_letters_and_equal_ones_share_theirs() -> None:
    assert part_letters(parse(REEL)) == {0: "A", 9: "B"}
    tune = parse(f"{HEADER}|:{BAR}d6:||:{BAR}e6:||:{BAR}d6:|")
    assert part_letters(tune) == {0: "A", 2: "B", 4: "A"}
    assert part_letters(parse(f"{HEADER}|:{BAR}d6:|")) == {}


def test_each_ending_stops_at_its_own_bar_line() -> None:
    assert ending_stops(parse(JIG)) == {8: 8, 9: 9, 18: 18, 19: 19}


def test_an_ending_that_nothing_closes_is_one_bar_long() -> None:
    tune = parse(f"{HEADER}|:{BAR * 3}[1 {BAR[:-1]}:|[2 {BAR * 8}")
    assert ending_stops(tune) == {3: 3, 4: 4}


def test_a_tune_without_endings_has_none() -> None:
    assert ending_stops(parse(HORNPIPE)) == {}
