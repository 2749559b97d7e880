import sys

import pytest

from model.errors import InputError
from model.evaluation import two_sample
from model.evaluation.two_sample import FEWEST, two_sample_test
from tests.model.evaluation.samples import random_tune

SAME = [random_tune(seed) for seed in range(240)]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_sample, "RESAMPLES", 100)


def test_two_halves_of_one_set_are_not_told_apart() -> None:
    result = two_sample_test(SAME[:120], SAME[120:])
    assert result.low <= 0.5 <= result.high
    assert 0.35 < result.auc < 0.65
    assert result.tunes == 120


def test_other_tunes_are_told_apart_and_the_reason_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_sample, "FOLDS", 2)  # the features' importances take long
    leaping = [random_tune(seed, (-5, -4, 4, 5)) for seed in range(120)]
    result = two_sample_test(leaping[:60], SAME[:60], name_features=3)
    assert result.auc > 0.95
    assert result.low > 0.9
    assert len(result.features) == 3
    assert result.features[0].drop > 0


def test_a_set_of_which_half_is_other_is_told_apart_in_part() -> None:
    half = [random_tune(seed, (-5, -4, 4, 5) if seed % 2 else (-2, -1, -1, 1, 1, 2)) for seed in range(500, 620)]
    assert 0.6 < two_sample_test(half, SAME[:120]).auc < 0.9


def test_the_same_seed_gives_the_same_figures() -> None:
    once, again, other = (two_sample_test(SAME[:60], SAME[60:120], seed) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_too_few_tunes_are_refused() -> None:
    with pytest.raises(InputError, match=f"3 tunes a side; at least {FEWEST}"):
        two_sample_test(SAME[:3], SAME[3:9])


def test_without_scikit_learn_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert not two_sample.installed()
    with pytest.raises(InputError, match="scikit-learn is not installed"):
        two_sample_test(SAME[:60], SAME[60:120])
