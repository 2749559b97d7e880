import pytest

from model.encoding.tokenizer import NormalizedTune, spelled_on_c
from model.features.statistics import cadences, degree_shares, length_shares, repetition
from model.features.tune_features import features
from model.music.abc_reader import parse
from model.music.key import Key
from model.music.parts import parts_of
from model.music.tune import Tune, transpose
from tests.model.evaluation.samples import random_song, song


def test_bars_that_come_back_are_counted_by_lag() -> None:
    four = song("CDEF GABc|CDEF GABc|CDEF GABc|CDEF GAB2|]".replace("GAB2", "GABd"))
    assert repetition([four]) == pytest.approx({1: 2 / 3, 2: 1 / 2, 4: 0, 8: 0})
    two_parts = song("|:C8|D8|E8|F8:|\n|:G8|A8|E8|F8:|")
    assert repetition([two_parts])[4] == pytest.approx(2 / 4)
    assert repetition([]) == {1: 0, 2: 0, 4: 0, 8: 0}


def test_a_part_that_comes_back_is_counted_once() -> None:
    assert repetition([song("|:C8|D8:|\nE8|F8||\nC8|D8|]")])[4] == 0


def test_ends_and_their_approaches() -> None:
    ends = cadences([song("|:C4 D4|B,4 C4:|\n|:C8|E4 D4:|"), song("C8|G4 CC C2|]")])
    assert ends["tunes that end on the tonic"] == 1 / 2
    assert ends["parts that end on the tonic"] == pytest.approx(2 / 3)
    assert ends["ends approached by step"] == pytest.approx(2 / 3)
    assert ends["ends approached from degree 5, 2 or 7"] == pytest.approx(2 / 3)
    assert ends["last note of a part, in bars"] == pytest.approx((1 / 2 + 1 / 2 + 1 / 4) / 3)


def test_shares_add_up_to_one() -> None:
    songs = [random_song(seed) for seed in range(3)]
    assert sum(length_shares(songs).values()) == pytest.approx(1)
    assert sum(degree_shares(songs).values()) == pytest.approx(1)
    assert length_shares(songs) == {12: 1}


@pytest.mark.parametrize("key", ["D", "F#", "Bb", "Cb"])
def test_features_do_not_depend_on_the_key(key: str) -> None:
    tune = parse("X:1\nM:6/8\nL:1/8\nK:G\n|:D|GAB c^cd|edc B2A|GAB dBG|F3 G2:|\n|:B|d3 d2e|dBA G2D|EFG ABc|A3 G2:|\n")
    assert _features(transpose(tune, Key.parse(key))) == _features(tune)


def _features(tune: Tune) -> dict[str, float]:
    parts = spelled_on_c(parts_of(tune), tune.key)
    return features(NormalizedTune("jig", tune.metre.length, "6/8", "", parts))


def test_every_song_has_the_same_features() -> None:
    strange = [song("z8|C8|]"), song("C8|]"), song("|:G2|(3CDE F2 z4|C6:|"), random_song(1)]
    names = [list(features(one)) for one in strange]
    assert all(one == names[0] for one in names)
    assert all(isinstance(value, float | int) for one in strange for value in features(one).values())
