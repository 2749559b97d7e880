import pytest

from model.errors import InputError
from model.evaluation.detectors import Sides, auc_features, auc_ngram
from tests.model.evaluation.samples import random_tune

SAME = [random_tune(seed) for seed in range(160)]
LEAPING = [random_tune(seed, (-4, -1, 2, 3)) for seed in range(60)]


@pytest.mark.parametrize("detector", [auc_ngram, auc_features])
def test_tunes_of_one_kind_are_not_told_apart_and_others_are(detector: object) -> None:
    assert callable(detector)
    assert 0.3 < detector(Sides(SAME[:60], SAME[60:120]), 0) < 0.7
    assert detector(Sides(LEAPING, SAME[:60]), 0) > 0.9


def test_further_tunes_are_learned_from_and_not_tested() -> None:
    few = Sides(LEAPING[:50], SAME[:50])
    wrong = Sides(LEAPING[:50], SAME[:50], (SAME[:50] * 9, LEAPING[:50] * 9))
    assert auc_ngram(wrong, 0) < 0.5 < auc_ngram(few, 0)


def test_a_pair_is_never_on_two_sides_of_a_fold() -> None:
    # where it were, a detector would have seen each tune under the other label, and score below chance
    assert auc_ngram(Sides(SAME[:60], SAME[:60]), 0) == pytest.approx(0.5)


def test_too_few_tunes_are_refused() -> None:
    with pytest.raises(InputError, match="49 tunes a side"):
        auc_ngram(Sides(SAME[:49], SAME[:60]), 0)
