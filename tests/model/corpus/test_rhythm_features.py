import json

from model.corpus.rhythm_features import features
from model.corpus.rhythms import WEIGHTS
from model.music.abc_reader import parse


def test_lengths_are_shares_of_a_bar_and_counts_those_of_a_bar() -> None:
    found = features(parse("X:1\nM:4/4\nL:1/8\nK:D\nA2|:d3A d>AB<d|dddd d4:|"))
    assert found["notes"] == (6 + 5) / 2
    assert found["pickup"] == 0.25
    assert found["length 1/8"] == 5 / 11
    assert found["dotted pairs"] == 2 / 2
    assert found["snaps"] == 1 / 2
    assert found["half 1/4 1/4 1/4 1/4"] == 1 / 4
    assert found["repeats"] == 1
    assert found["last note"] == 0.5


def test_triplets_count_where_the_metre_has_none() -> None:
    assert features(parse("X:1\nM:4/4\nL:1/8\nK:D\n(3ABc d6|"))["triplets"] == 3 / 4
    assert features(parse("X:1\nM:6/8\nL:1/8\nK:D\nABc d3|"))["triplets"] == 0


def test_the_weights_are_for_these_features() -> None:
    table = json.loads(WEIGHTS.read_text())
    names = list(features(parse("X:1\nM:4/4\nK:D\nz|")))
    assert table["features"] == names
    rows = [row for rhythms in table["weights"].values() for row in rhythms.values()]
    assert {len(row) for row in rows} == {1 + len(names)}
