import sys

import numpy as np
import pytest

from model.errors import InputError
from model.evaluation import two_sample
from model.evaluation.two_sample import FEWEST, auc, tell_apart
from tests.model.evaluation.samples import random_song

SAME = [random_song(seed) for seed in range(240)]


def test_two_halves_of_one_set_are_not_told_apart() -> None:
    told = tell_apart(SAME[:120], SAME[120:])
    assert told.low <= 0.5 <= told.high
    assert 0.35 < told.auc < 0.65
    assert told.tunes == 120


def test_other_tunes_are_told_apart_and_the_reason_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_sample, "FOLDS", 2)  # the reason takes its time
    leaping = [random_song(seed, (-5, -4, 4, 5)) for seed in range(120)]
    told = tell_apart(leaping[:60], SAME[:60], name_features=3)
    assert told.auc > 0.95
    assert told.low > 0.9
    assert len(told.features) == 3
    assert told.features[0].drop > 0


def test_a_set_of_which_half_is_other_is_told_apart_in_part() -> None:
    half = [random_song(seed, (-5, -4, 4, 5) if seed % 2 else (-2, -1, -1, 1, 1, 2)) for seed in range(500, 620)]
    assert 0.6 < tell_apart(half, SAME[:120]).auc < 0.9


def test_the_same_seed_gives_the_same_figures() -> None:
    once, again, other = (tell_apart(SAME[:60], SAME[60:120], seed) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_the_area_is_the_chance_to_rank_a_pair_right() -> None:
    labels = np.array([0, 0, 1, 1])
    assert auc(labels, np.array([0.1, 0.4, 0.35, 0.8])) == 0.75
    assert auc(labels, np.zeros(4)) == 0.5
    assert auc(labels, np.array([0.0, 0.1, 0.2, 0.3])) == 1


def test_too_few_tunes_are_refused() -> None:
    with pytest.raises(InputError, match=f"3 tunes a side; at least {FEWEST}"):
        tell_apart(SAME[:3], SAME[3:9])


def test_without_scikit_learn_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert not two_sample.installed()
    with pytest.raises(InputError, match="scikit-learn is not installed"):
        tell_apart(SAME[:60], SAME[60:120])
