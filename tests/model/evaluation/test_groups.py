from pathlib import Path

import pytest

from model.corpus.build import Corpus
from model.evaluation.bits import Side
from model.evaluation.groups import (
    FEWEST,
    EvaluationOptions,
    Missing,
    auc_between,
    bits_scores,
    habit_scores,
    originality_scores,
    read_scores,
    without_missing,
)
from model.network.checkpoint import Checkpoint
from model.sampling.originality import Nearest
from tests.model.evaluation.samples import normalized, random_tune, untrained_characters

OPTIONS = EvaluationOptions(count=10, temperature=1.0, seed=1, threads=1, progress=lambda _: None)


def test_a_missing_score_is_none_with_its_reason() -> None:
    assert without_missing({"one": 1, "two": Missing("why")}) == {"one": 1, "two": None, "not_measured": {"two": "why"}}
    assert without_missing({"one": 1}) == {"one": 1}


def test_a_network_of_characters_is_scored_on_cobbs_tunes_alone(
    books: Corpus, small: Checkpoint, tmp_path: Path
) -> None:
    held_out = Side(tuple(books.tunes[:3]), tuple(books.tunes[:1]))
    notes = bits_scores(small, held_out)
    assert (notes["held_out_tunes"], notes["cobb_held_out_tunes"]) == (3, 1)
    assert notes["bits_per_note"] > 1
    characters = bits_scores(untrained_characters(tmp_path), held_out)
    assert isinstance(characters["bits_per_note"], Missing)
    without = bits_scores(small, Side(held_out.tunes, ()))
    assert without["cobb_bits_per_note"] == Missing("no tunes of cobb: python -m model corpus --fetch cobb")


def test_similarities_are_summed_up_and_the_closest_named() -> None:
    nearest = [Nearest(f"Tune {i}", "book", i / 10, 0.0) for i in range(1, 6)]
    found = originality_scores(nearest)
    assert found["max_similarity"] == 0.5
    assert found["median_similarity"] == 0.3
    assert found["similarity_p99"] == pytest.approx(0.496)
    assert found["closest_to"] == {"Tune 5 (book)": 0.5, "Tune 4 (book)": 0.4, "Tune 3 (book)": 0.3}
    assert originality_scores([]) == {"max_similarity": Missing("no tune can be read")}


def test_habits_of_a_set_too_small_are_left_open() -> None:
    same = [normalized("C8|C8|C8|C8|]")] * FEWEST
    found = habit_scores(same, same[:-1], [random_tune(seed) for seed in range(FEWEST)])
    assert found["bars like the one 1 before"][:2] == [1.0, None]
    assert found["tunes that end on the tonic"][0] == 1
    assert habit_scores(same[:3], same[:4]) == {}


def test_a_two_sample_test_of_too_few_tunes_is_missing() -> None:
    tunes = [random_tune(seed) for seed in range(10)]
    assert auc_between(tunes[:5], tunes[5:], OPTIONS) == Missing("5 tunes a side; at least 50 are needed")


def test_the_commonest_faults_are_reported() -> None:
    lines: list[str] = []
    printing = EvaluationOptions(count=10, temperature=1.0, seed=1, threads=1, progress=lines.append)
    read_scores(["X:1\nM:4/4\nL:1/8\nK:C\nABCD|ABCD ABCD|ABCD ABCD|]\n"], printing)
    assert any("1 x bar 1" in line or "pickup" in line for line in lines)
