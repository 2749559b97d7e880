from pathlib import Path

import pytest

from model.encoding.vocabulary import Vocabulary
from model.evaluation import article
from model.evaluation.article import LENGTH, article_texts, ends_on_tonic, first_tune, with_right_bars
from model.music.abc_reader import parse
from tests.model.evaluation.samples import untrained_characters

TUNE = "X:1\nT:a\nM:6/8\nL:1/8\nK:D\n|:ABc def|gfe d3:|\n"


def test_texts_begin_with_x_and_depend_on_the_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(article, "LENGTH", 30)
    monkeypatch.setattr(article, "BATCH", 2)
    assert LENGTH == 1000
    checkpoint = untrained_characters(tmp_path)
    texts = article_texts(checkpoint, 3, seed=1)
    assert [len(text) for text in texts] == [31] * 3
    assert all(text[0] == "X" for text in texts)
    assert set("".join(texts)) <= set(Vocabulary.from_json(checkpoint.vocabulary).tokens)
    assert texts == article_texts(checkpoint, 3, seed=1) != article_texts(checkpoint, 3, seed=2)


def test_the_first_tune_of_a_text() -> None:
    assert first_tune(f"{TUNE}\n{TUNE}").strip() == TUNE.strip()
    assert first_tune("nonsense") == first_tune("") == ""


def test_bars_are_right_as_they_are_or_the_tune_is_none() -> None:
    assert with_right_bars(TUNE) == parse(TUNE)
    assert with_right_bars(TUNE.replace("d3", "d2")) is None
    assert with_right_bars("nonsense") is None


def test_a_tune_ends_on_the_tonic_or_not() -> None:
    assert ends_on_tonic(parse(TUNE))
    assert not ends_on_tonic(parse(TUNE.replace("d3", "e3")))
    assert not ends_on_tonic(parse(TUNE.replace("d3", "z3")))
