from dataclasses import replace

import pytest

from model.features.diversity import distinct_grams, mean_distance
from tests.model.evaluation.samples import normalized, random_tune

TUNES = [random_tune(seed) for seed in range(20)]


def test_runs_of_notes_that_several_tunes_have_count_once() -> None:
    assert distinct_grams(TUNES[:1]) == 1
    assert distinct_grams([TUNES[0]] * 4) == 1 / 4
    assert distinct_grams([TUNES[0], TUNES[0], TUNES[1]]) == pytest.approx(2 / 3, abs=0.05)
    assert distinct_grams([]) == distinct_grams([normalized("C8|]")]) == 0


def test_a_tune_that_repeats_itself_makes_a_set_no_less_diverse() -> None:
    once = TUNES[0]
    twice = replace(once, parts=once.parts * 2)
    assert distinct_grams([twice, TUNES[1]]) == pytest.approx(distinct_grams([once, TUNES[1]]), abs=0.05)


def test_the_distance_of_tunes_does_not_depend_on_key_and_octave() -> None:
    music = "CDEF GABc|dcBA GFED|]"
    assert mean_distance([normalized(music), normalized(music.upper(), "C")]) >= 0
    assert mean_distance([normalized("DEFG ABcd|edcB AGFE|]", "D"), normalized(music)]) == 0


def test_the_distance_is_a_mean_over_random_pairs() -> None:
    assert mean_distance(TUNES[:1]) == 0
    assert mean_distance([TUNES[0]] * 3) == 0
    half_equal = mean_distance([TUNES[0]] * 10 + TUNES[10:])
    assert 0 < half_equal < mean_distance(TUNES) < 1
    assert mean_distance(TUNES, seed=1) == mean_distance(TUNES, seed=1) != mean_distance(TUNES, seed=2)
