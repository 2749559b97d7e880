from fractions import Fraction

import pytest

from model.harmony.spans import places, span_length, spans
from model.music.abc_reader import parse
from model.music.grid import GRID
from model.music.tune import Metre, Tune


def tune(metre: str, music: str) -> Tune:
    return parse(f"X:1\nT:Test\nM:{metre}\nL:1/8\nK:D\n{music}\n")


@pytest.mark.parametrize(
    ("metre", "length"),
    [
        *(("6/8", Fraction(3, 8)), ("2/4", Fraction(1, 4)), ("4/4", Fraction(1, 2)), ("C|", Fraction(1, 2))),
        *(("9/8", Fraction(3, 8)), ("3/4", Fraction(3, 4)), ("3/2", Fraction(1, 2)), ("5/4", Fraction(5, 4))),
        ("12/8", Fraction(3, 4)),
    ],
)
def test_a_chord_lasts_half_a_bar_a_beat_in_slip_jigs_and_a_bar_in_waltzes(metre: str, length: Fraction) -> None:
    assert span_length(Metre.parse(metre)) == length


def test_notes_fall_into_their_spans_and_held_ones_into_both() -> None:
    first, second = spans(tune("4/4", "D2F4A2|"))
    assert [(tone.pitch, tone.share, tone.place) for tone in first.tones] == [(62, 0.5, 0), (66, 0.5, GRID // 4)]
    assert [(tone.pitch, tone.share, tone.place) for tone in second.tones] == [(66, 0.5, 0), (69, 0.5, GRID // 4)]
    assert (first.held, second.held) == (False, True)


def test_leaps_are_counted_on_both_sides() -> None:
    (span,) = spans(tune("3/4", "D2F2G2|"))
    assert [tone.leaps for tone in span.tones] == [1, 1, 0]


def test_a_pickup_lies_at_the_end_of_its_bar() -> None:
    pickup, *_ = spans(tune("6/8", "A|d3d3|d3d2|"))
    assert (pickup.start, pickup.onset) == (3 * GRID // 8, 5 * GRID // 8)


def test_bars_are_numbered_in_their_part_and_both_endings_alike() -> None:
    found = places(tune("6/8", "|:A|d6|d6|d6|1d6:|2d3d2||A|d6|d3d2|]"))
    assert [place.number for place in found] == [-1, 0, 1, 2, 3, 3, -1, 0, 1]
    assert {place.bars for place in found[:6]} == {4}
    assert {place.bars for place in found[6:]} == {2}
