import dataclasses
import json
from pathlib import Path

import pytest

from model.corpus.build import Corpus
from model.corpus.sources import path_source
from model.evaluation import article
from model.evaluation.bits import Side
from model.evaluation.groups import EvaluationOptions
from model.evaluation.scores import Evaluation, evaluate
from model.evaluation.table import table
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.network.presets import SEED
from model.sampling.critic import Critic
from model.sampling.originality import Index, index_of
from model.training.dataset import prepare
from tests.model.random_corpora import jigs

KEYS = {"bits_per_note", "well_formed", "compliant", "auc", "max_similarity", "mask_removed"}
JUDGES = {"auc_ngram", "auc_ngram_more", "auc_features", "sequence_tunes", "half_bar_transposed", "rocking"}
JUDGES |= {"double_accidentals", "snaps", "even_beats", "slip_phrase", "shared_last_bar", "shared_bar"}
JUDGES |= {"titles_real_words"}


@pytest.fixture(scope="module")
def index(books: Corpus) -> Index:
    return Index(index_of([(tune.normalized, tune.title, tune.source) for tune in books.tunes]))


@pytest.fixture(scope="module")
def options() -> EvaluationOptions:
    return EvaluationOptions(count=10, temperature=1.0, seed=1, threads=1, progress=lambda _: None)


@pytest.fixture(scope="module")
def evaluation(books: Corpus, index: Index, options: EvaluationOptions) -> Evaluation:
    few = Side(tuple(books.split("held-out")[:5]), ())
    return evaluate(checkpoint.read(checkpoint.SHIPPED), books, few, index, Critic.load(), options)


def test_the_scores_of_a_checkpoint(evaluation: Evaluation) -> None:
    found = evaluation.scores
    assert found.keys() >= KEYS | {f"read_by_{name}" for name in ("abc2midi", "music21", "abcjs")}
    assert found.keys() >= JUDGES | {f"{name}_real" for name in JUDGES}
    assert found["double_accidentals"] == 0
    assert json.loads(json.dumps(found)) == found
    assert found["generated"] == 10 + 10 + 1
    assert found["well_formed"] == found["compliant"] == found["read_by_music21"] == 1
    assert 1 < found["bits_per_note"] < 3
    assert 0 < found["mask_removed"] < 0.2
    assert 0 < found["median_similarity"] <= found["max_similarity"] <= 0.8
    assert set(found["compliance"].values()) == {1.0}
    assert found["auc"] is None
    assert "10 tunes a side; at least 50" in found["not_measured"]["auc"]
    assert len(evaluation.generated) == len(evaluation.matched) == 10


def test_the_table_has_a_line_for_each_score(evaluation: Evaluation) -> None:
    lines = table(evaluation.scores).splitlines()
    for name, value in evaluation.scores.items():
        line = name.removesuffix("_real").replace("_", " ")
        assert name == "not_measured" or any(one.startswith(line) for one in lines), (name, value)
    assert any("at least 50 are needed" in line for line in lines)
    assert not any(line.endswith(" ") for line in lines)


@pytest.fixture
def characters(tmp_path: Path) -> Checkpoint:
    """An untrained network of the article's kind."""
    (tmp_path / "jigs.abc").write_text(jigs(60))
    tiny = dataclasses.replace(SEED, widths=(8,), hidden=16, batch=4, seq_length=50)
    prepared = prepare(tiny, [path_source(tmp_path / "jigs.abc")])
    return Checkpoint(
        "seed", prepared.network.config.to_json(), weights=prepared.network.state_dict(), **prepared.header
    )


def test_the_articles_texts_have_the_same_table_with_reasons(
    characters: Checkpoint, books: Corpus, index: Index, options: EvaluationOptions
) -> None:
    few = Side(tuple(books.split("held-out")[:5]), ())
    found = evaluate(characters, books, few, index, None, options).scores
    assert found.keys() >= KEYS | {"read_by_abc2midi", "read_by_music21", "read_by_abcjs", "habits"}
    assert found["well_formed"] == found["read_by_music21"] == 0
    assert {name for name in KEYS if found[name] is None} == KEYS - {"well_formed"}
    assert found["not_measured"].keys() >= KEYS - {"well_formed"}


def test_texts_that_are_tunes_are_scored_as_tunes(
    characters: Checkpoint, books: Corpus, index: Index, options: EvaluationOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "X:1\nT:a\nM:6/8\nL:1/8\nK:D\n|:ABc def|gfe d3|ABc def|gfe d3:|\n\nX:2\n"
    open_end = "X:1\nT:a\nM:6/8\nL:1/8\nK:D\n|:ABc def|gfe d3|ABc def|gfe e3:|\n"
    repairable = "X:1\nT:a\nM:6/8\nL:1/8\nK:D\n|:ABc def|gfe d3|ABc def|gfe d2:|\n"
    monkeypatch.setattr(article, "article_texts", lambda *_: [whole, open_end, repairable, "nonsense", ""])
    few = Side(tuple(books.split("held-out")[:5]), ())
    found = evaluate(characters, books, few, index, None, options).scores
    assert found["well_formed"] == 1 / 5
    assert found["right_bars_and_repeats"] == 2 / 5
    assert found["readable_after_repairs"] == 3 / 5
    assert found["read_by_music21"] == pytest.approx(2 / 5)
    assert found["max_similarity"] > 0
