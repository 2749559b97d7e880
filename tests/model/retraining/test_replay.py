"""Corpus tunes for retrainings, kept in a cache file."""

import json
from pathlib import Path

import pytest

from model.corpus.sources import path_source
from model.encoding.vocabulary import Vocabulary
from model.retraining.replay import Replay, replay
from tests.model.random_corpora import jigs


def test_the_cache_is_used_by_the_code_that_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jigs.abc").write_text(jigs(80))
    sources = [path_source(tmp_path / "jigs.abc")]
    found = replay(sources, tmp_path / "cache")
    assert found.train
    assert found.held_out
    (cached,) = (tmp_path / "cache").iterdir()
    cached.write_text(json.dumps({"train": [["a"]], "held_out": [["b"]]}))
    assert replay(sources, tmp_path / "cache") == Replay((("a",),), (("b",),))
    monkeypatch.setattr("model.retraining.replay.code_digest", lambda: "another")
    assert replay(sources, tmp_path / "cache") == found
    assert len(list((tmp_path / "cache").iterdir())) == 1, "what it cannot use any more is gone"
    monkeypatch.undo()
    cached.write_text("damaged")
    assert replay(sources, tmp_path / "cache") == found


def test_tunes_with_unknown_tokens_are_left_out() -> None:
    vocabulary = Vocabulary.from_json({"kind": "notes", "tokens": ["a", "b"]})
    assert Replay((("a", "b"), ("a", "c")), (("c",), ("b",))).known_to(vocabulary) == Replay((("a", "b"),), (("b",),))
