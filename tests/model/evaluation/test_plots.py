import dataclasses
from pathlib import Path

import pytest

from model.evaluation.plots import draw
from model.evaluation.scores import Evaluation
from tests.model.evaluation.samples import random_tune


@pytest.fixture
def evaluation() -> Evaluation:
    generated, matched, held_out = ([random_tune(100 * i + seed) for seed in range(6)] for i in range(3))
    return Evaluation({}, [0.3, 0.5, 0.7], generated, matched, held_out)


def test_plots_are_pictures(evaluation: Evaluation, tmp_path: Path) -> None:
    paths = draw(evaluation, tmp_path / "plots")
    assert [path.name for path in paths] == ["similarity.png", "repetition.png", "notes.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_sets_may_be_empty(evaluation: Evaluation, tmp_path: Path) -> None:
    empty = dataclasses.replace(evaluation, similarities=[], generated=[], matched=[], held_out=[])
    assert len(draw(empty, tmp_path)) == 3
