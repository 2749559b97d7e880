"""The bench measures a bot of its own and leaves nothing."""

import json
import tempfile
from pathlib import Path

import psutil
import pytest

from bot.__main__ import main
from bot.commands import bench
from bot.commands.bench import Row


def test_a_ratio_of_one_means_that_the_goal_is_met() -> None:
    rows = [Row("", 4, "s", goal=2), Row("", 2, "s", goal=2), Row("", 0, "libraries", goal=0), Row("", 3, "tunes/s")]
    assert [row.to_json()["ratio"] for row in rows] == [0.5, 1.0, 1.0, None]


def test_every_row_is_measured_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(bench, "ONE_BY_ONE", 1)
    monkeypatch.setattr(bench, "AT_ONCE", 2)
    assert main(["bench", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert all(row.keys() == {"name", "baseline", "ours", "ratio", "goal", "unit"} for row in rows)
    assert len(rows) == 6
    assert {row["name"]: row["ours"] for row in rows}["torch in the bot process"] == 0
    assert list(tmp_path.iterdir()) == []
    assert not any("bot" in child.cmdline() for child in psutil.Process().children())
