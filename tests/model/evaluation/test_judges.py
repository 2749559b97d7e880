from dataclasses import replace

import pytest

from model.corpus.build import Corpus
from model.encoding.vocabulary import Vocabulary
from model.evaluation import matching
from model.evaluation.groups import EvaluationOptions, Missing
from model.evaluation.judges import (
    Judged,
    beside_real,
    detector_scores,
    doubled,
    idiom_scores,
    pairs_of,
    shared_scores,
    spelling_scores,
    title_scores,
)
from model.evaluation.matching import RealTune
from model.music.abc_reader import parse
from model.sampling.batch_composing import compose_all
from model.sampling.sampler import Sampler
from tests.model.evaluation.samples import random_tune

OPTIONS = EvaluationOptions(count=60, temperature=1.0, seed=1, threads=1, progress=lambda _: None)
PAIRS = [(random_tune(seed, (-3, -1, 2)), random_tune(seed + 100)) for seed in range(60)]
JUDGED = Judged(PAIRS[:50], PAIRS[50:], [], [])


@pytest.fixture(scope="module")
def reals(books: Corpus, sampler: Sampler) -> list[RealTune]:
    vocabulary: Vocabulary = sampler.vocabulary
    return matching.real_tunes(books, vocabulary)


def test_detectors_have_controls(reals: list[RealTune]) -> None:
    walks = [replace(reals[0], normalized=random_tune(seed + 200)) for seed in range(120)]
    found = detector_scores(JUDGED, walks, OPTIONS)
    assert list(found) == [f"auc_{n}{r}" for n in ("ngram", "ngram_more", "features") for r in ("", "_real")]
    assert found["auc_ngram"] > 0.8
    assert 0.2 < found["auc_ngram_real"] < 0.75
    few = detector_scores(Judged(PAIRS[:10], [], [], []), reals, OPTIONS)
    assert few["auc_features"] == Missing("10 tunes a side; at least 50 are needed")


def test_habits_stand_beside_those_of_real_tunes(reals: list[RealTune]) -> None:
    found = idiom_scores(JUDGED, reals)
    assert 0 < found["rocking"] < 0.3
    assert isinstance(found["slip_phrase"], Missing)
    assert found["snaps_real"] + found["even_beats_real"] < 1
    assert beside_real({"one": (1, 2)}) == {"one": 1, "one_real": 2}


def test_composed_tunes_are_paired_with_those_whose_prompts_they_had(sampler: Sampler, reals: list[RealTune]) -> None:
    batch = compose_all(sampler, matching.prompts_like(reals[:2], 1.0, 0), lambda _: None)
    assert [real for _, real in pairs_of(batch, reals)] == [real.normalized for real in reals[:2]]


def test_bars_are_compared_among_real_tunes_of_the_same_kind(reals: list[RealTune]) -> None:
    same = [random_tune(1)] * 5
    found = shared_scores(same, reals, OPTIONS)
    assert found["shared_last_bar"] == found["shared_bar"] == 1
    assert found["shared_bar_real"] < 1
    assert isinstance(shared_scores(same * 100, reals, OPTIONS)["shared_bar"], Missing)


def test_double_accidentals_are_counted_where_a_key_has_none(books: Corpus) -> None:
    wrong, right, raised = (
        parse(f"X:1\nL:1/8\nK:{key}\n{bar}|") for key, bar in (("Edor", "B2^^cd"), ("Edor", "B2^cd"), ("G#m", "G2^^FG"))
    )
    assert doubled([wrong, right, raised, right]) == 1 / 4
    assert spelling_scores([], books, OPTIONS) == {"double_accidentals": 0, "double_accidentals_real": 0}


def test_the_words_of_all_titles_stand_in_the_books(books: Corpus) -> None:
    found = title_scores(books, OPTIONS)
    assert found["titles_real_words_real"] == 1
    assert 0 < found["titles_real_words"] <= 1  # these are a tenth of the books
