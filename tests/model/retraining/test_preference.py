"""Preferences fitted to votes."""

import random

import numpy as np
import pytest

from model.retraining.preference import preferences
from model.retraining.voted_tunes import VotedTune
from tests.model.evaluation.samples import random_tune

STEPS, LEAPS = (-1, 1), (-4, -3, 3, 4)


def leapers(count: int, noise: float = 0.0) -> list[VotedTune]:
    """Tunes of steps and tunes of leaps in turn; leaps are liked, but for the `noise`."""
    stream = random.Random(0)
    tunes = []
    for n in range(count):
        vote = 1.0 if (n % 2 == 1) != (stream.random() < noise) else -1.0
        tunes.append(VotedTune(n, random_tune(n, LEAPS if n % 2 else STEPS), (), vote))
    return tunes


def test_preferences_smooth_over_wrong_votes() -> None:
    tunes = leapers(80, noise=0.2)
    found = preferences(tunes)
    wrong = [n for n, tune in enumerate(tunes) if (tune.weight > 0) != (n % 2 == 1)]
    assert len(wrong) > 8
    assert np.mean([(found[n] > 0) == (n % 2 == 1) for n in wrong]) > 0.9


def test_preferences_are_standardised() -> None:
    found = preferences(leapers(60))
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=1e-6), pytest.approx(1))


def test_few_liked_tunes_weigh_as_much_as_many_disliked_ones() -> None:
    tunes = [tune for tune in leapers(80) if tune.weight < 0 or tune.id % 8 == 1]
    found = preferences(tunes)
    assert min(found[[tune.weight > 0 for tune in tunes]]) > max(found[[tune.weight < 0 for tune in tunes]])
