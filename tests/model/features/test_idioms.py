from dataclasses import replace

import pytest

from model.features.idioms import (
    half_bar_transposed,
    rocking_share,
    sequence_tunes,
    shared_bars,
    slip_phrase,
    strathspey_beats,
)
from tests.model.evaluation.samples import normalized


def test_a_bar_moved_along_the_scale_makes_a_sequence() -> None:
    moved, same, other = (normalized(f"{bars}|]") for bars in ("CEGE C4|DFAF D4", "CEGE C4|CEGE C4", "CEGE C4|DFAG D4"))
    assert sequence_tunes([moved, same, other, other]) == 1 / 4
    assert sequence_tunes([normalized("CEGE C4|c8|DFAF D4|]")]) == 1  # two bars before
    assert sequence_tunes([normalized("CEGE C4|c8|c8|DFAF D4|]")]) == 0


def test_half_bars_count_from_three_notes_on() -> None:
    assert half_bar_transposed([normalized("CDEF DEFG|C4 D4|C8|C8|]")]) == 1 / 2
    assert half_bar_transposed([normalized("C8|]")]) == 0


def test_rocking_goes_to_and_fro() -> None:
    assert rocking_share([normalized("CECE CDEF|]")]) == pytest.approx(2 / 5)
    assert rocking_share([normalized("CCCC CCCC|]")]) == 0


def test_beats_of_strathspeys_are_dotted_snapped_or_even() -> None:
    tune = replace(normalized("C>D D<E EF G2|C8|]"), rhythm="strathspey")
    assert strathspey_beats([tune]) == pytest.approx({"snaps": 1 / 3, "even_beats": 1 / 3})
    assert strathspey_beats([replace(tune, rhythm="reel")]) == {"snaps": 0, "even_beats": 0}


def test_phrases_of_slip_jigs_are_compared_by_place() -> None:
    bars = "CDE FGA B2z|" * 2 + "CDE FGA B2z|GAB c3 c3|" + "CDE FGA B2z|" * 2 + "CDE FGA B2z|"
    alike = replace(normalized(bars + "GAB c3 c3|]", metre="9/8"), rhythm="slip jig")
    changed = replace(normalized(bars + "GAB c3 d3|]", metre="9/8"), rhythm="slip jig")
    assert slip_phrase([alike]) == 1
    assert slip_phrase([alike, changed]) == pytest.approx((1 + 12 / 13) / 2)
    assert slip_phrase([normalized("C8|]")]) is None


def test_bars_are_shared_with_another_tune() -> None:
    one, two, three = (normalized(f"{bars}|]") for bars in ("CDEF GABc|C8", "EDEF GABc|C8", "CCDD EEFF|CCDD EEFF|E8"))
    assert shared_bars([one, two, three]) == pytest.approx({"shared_last_bar": 2 / 3, "shared_bar": 2 / 7})
