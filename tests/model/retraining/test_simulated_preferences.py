"""What simulated members like."""

import pytest

from model.retraining.simulated_preferences import MEASURES, SimulatedPreference
from tests.model.evaluation.samples import normalized, random_tune


def test_a_share_of_the_tunes_is_liked() -> None:
    tunes = [random_tune(seed, steps) for seed in range(50) for steps in ((-1, 1), (-4, 1, 3))]
    preference = SimulatedPreference.of(MEASURES["wide leaps"], tunes)
    liked = [tune for tune in tunes if preference.likes(tune)]
    assert len(liked) / len(tunes) == pytest.approx(0.28, abs=0.05)  # equal measures are not liked
    assert all(tune in tunes[1::2] for tune in liked)


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        ("wide leaps", "CGCG CGCG|", "CDEF GFED|"),
        ("few notes", "C8|D8|", "CDEF GABc|"),
        ("high second part", "C8||c8|", "c8||C8|"),
        ("much repetition", "CDEF GABc|CDEF GABc|", "CDEF GABc|cBAG FEDC|"),
    ],
)
def test_each_measure_measures_what_it_says(name: str, more: str, less: str) -> None:
    assert MEASURES[name](normalized(more)) > MEASURES[name](normalized(less))
