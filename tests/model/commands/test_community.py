import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.__main__ import main
from model.retraining import replay, simulation
from model.retraining.simulation import RoundResult


class _Community:
    """Stands in for one, whose rounds take minutes."""

    begun: list[tuple[str, int]]

    def __init__(self, preference: str, seed: int, *_: object, **__: Any) -> None:
        self.preference, self.seed = preference, seed

    def rounds(self, count: int) -> Iterator[RoundResult]:
        self.begun.append((self.preference, self.seed))
        yield RoundResult(self.preference, self.seed, 0, 0.25, None, None, None, False)
        for number in range(1, count + 1):
            failed = ("margin",)[number - 1 :]
            yield RoundResult(self.preference, self.seed, number, 0.5, 2.05, 0.99, 1.0, number > 1, 30.0, failed)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    monkeypatch.setattr(_Community, "begun", [], raising=False)
    monkeypatch.setattr(simulation, "Community", _Community)
    monkeypatch.setattr(replay, "replay", lambda *_: None)
    return _Community.begun


SOME = ["simulate-community", "--taste", "few notes", "--seeds", "2", "--rounds", "2"]


def test_a_simulation_that_was_interrupted_goes_on(
    begun: list[tuple[str, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ["--rows", str(tmp_path / "rows.jsonl")]
    assert main([*SOME[:3], "--rounds", "2", "--seeds", "1", *kept]) == 0
    first = capsys.readouterr().out
    assert main([*SOME, *kept, "--json", "--plot", str(tmp_path / "plot.png")]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert begun == [("few notes", 0), ("few notes", 1)]
    assert [(row["seed"], row["round"], row["promoted"]) for row in rows] == [
        (seed, number, number == 2) for seed in (0, 1) for number in (0, 1, 2)
    ]
    assert "no: margin" in first
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_rows_of_another_kind_are_one_line(
    begun: list[tuple[str, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n')
    assert main([*SOME, "--rows", str(tmp_path / "rows.jsonl")]) == 2
    said = capsys.readouterr().err
    assert "holds no rows of communities" in said
    assert said.count("\n") == 1
    assert begun == []


@pytest.mark.parametrize(
    ("more", "line"), [(["--taste", "loud"], "no taste 'loud'"), (["--noise", "0.9"], "--noise is 0.9")]
)
def test_bad_input_is_one_line(more: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate-community", *more]) == 2
    assert line in capsys.readouterr().err
