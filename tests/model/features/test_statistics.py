import pytest

from model.features.statistics import cadences, degree_shares, length_shares, repetition
from tests.model.evaluation.samples import normalized, random_tune


def test_repeated_bars_are_counted_by_lag() -> None:
    four = normalized("CDEF GABc|CDEF GABc|CDEF GABc|CDEF GAB2|]".replace("GAB2", "GABd"))
    assert repetition([four]) == pytest.approx({1: 2 / 3, 2: 1 / 2, 4: 0, 8: 0})
    two_parts = normalized("|:C8|D8|E8|F8:|\n|:G8|A8|E8|F8:|")
    assert repetition([two_parts])[4] == pytest.approx(2 / 4)
    assert repetition([]) == {1: 0, 2: 0, 4: 0, 8: 0}


def test_a_part_that_returns_is_counted_once() -> None:
    assert repetition([normalized("|:C8|D8:|\nE8|F8||\nC8|D8|]")])[4] == 0


def test_endings_and_approaches_are_counted() -> None:
    ends = cadences([normalized("|:C4 D4|B,4 C4:|\n|:C8|E4 D4:|"), normalized("C8|G4 CC C2|]")])
    assert ends["tunes that end on the tonic"] == 1 / 2
    assert ends["parts that end on the tonic"] == pytest.approx(2 / 3)
    assert ends["ends approached by step"] == pytest.approx(2 / 3)
    assert ends["ends approached from degree 5, 2 or 7"] == pytest.approx(2 / 3)
    assert ends["last note of a part, in bars"] == pytest.approx((1 / 2 + 1 / 2 + 1 / 4) / 3)


def test_shares_add_up_to_one() -> None:
    tunes = [random_tune(seed) for seed in range(3)]
    assert sum(length_shares(tunes).values()) == pytest.approx(1)
    assert sum(degree_shares(tunes).values()) == pytest.approx(1)
    assert length_shares(tunes) == {12: 1}
