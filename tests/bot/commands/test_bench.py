"""The bench measures a bot of its own and leaves nothing."""

import json
import tempfile
from functools import partial
from pathlib import Path

import psutil
import pytest

from bot.__main__ import main
from bot.benchmarks import discord_latency, machines, members, rendering, retraining, storage
from bot.benchmarks.row import Row, at_least, at_most
from bot.benchmarks.servers import missing_postgres, missing_redis
from bot.commands import bench
from bot.core.config import Config
from bot.workers.local.trainer import Trainer
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER


def test_the_ratio_says_how_many_times_better_ours_is() -> None:
    rows = [
        at_most("", 4, 2, "s"),
        at_most("", 2, 2, "s"),
        at_most("", 0, 0, "libraries"),
        at_most("", 1, 0, "libraries"),
        at_least("", 10, 5, "tunes/s"),
        Row("", 3, "s", baseline=9),
        Row("", 3, "s"),
    ]
    assert [row.to_json()["ratio"] for row in rows] == [0.5, 1.0, 1.0, 0.0, 2.0, 3.0, None]
    assert [row.goal for row in rows] == [1.0] * 5 + [None] * 2


def test_the_full_store_is_filled_and_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TUNES": 1000, "EACH": 3, "FAVOURITES": 5, "CROWD": 50, "MEMBERS": 100, "TIMES": 20}.items():
        monkeypatch.setattr(storage, name, value)
    rows = storage.measure()
    assert [row.name.rpartition(": ")[2] for row in rows][:2] == ["/top, p99", "/top of a rhythm, p99"]
    assert all(row.name.startswith("store with 1,000 tunes and 3,235 votes") and row.ours > 0 for row in rows)


@pytest.mark.timeout(300)  # it starts three bots and their workers
def test_every_row_is_measured_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(bench, "ONE_BY_ONE", 1)
    monkeypatch.setattr(bench, "AT_ONCE", 2)
    monkeypatch.setattr(rendering, "TIMES", 1)
    monkeypatch.setattr(rendering, "FEW", 1)
    monkeypatch.setattr(members, "MEMBERS", 4)
    monkeypatch.setattr(discord_latency, "MEMBERS", 3)
    for name, value in {"JOBS": 3, "TUNES": 4, "PROMPTS": 30, "WORKERS": 2}.items():
        monkeypatch.setattr(machines, name, value)
    without_engines = missing_redis() or missing_postgres()
    assert main(["bench", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert all(row.keys() == {"name", "baseline", "ours", "ratio", "goal", "unit"} for row in rows)
    rows = [row for row in rows if "png, beside" not in row["name"]]  # other programs, where they are installed
    assert len(rows) == (19 if without_engines else 24)
    if not without_engines:
        found = {row["name"].partition("killed: ")[2]: row["ours"] for row in rows[19:]}
        assert (found["delivered"], found["delivered twice"]) == (30, 0)
    ours = {row["name"]: row["ours"] for row in rows}
    assert ours["torch in the bot process"] == ours["Discord, 3 members at once: unanswered"] == 0
    assert list(tmp_path.iterdir()) == []
    assert not any("bot" in child.cmdline() for child in psutil.Process().children())


def test_the_long_run_weighs_the_bot_early_and_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "MEMBERS", 2)
    monkeypatch.setattr(members, "TUNES", 6)
    early, growth = members.endure(Config())
    assert 200 < early.ours < 2000
    assert 0.8 < growth.ours < 1.5


def test_a_retraining_is_timed_beside_composing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"VOTED": 8, "ONE_BY_ONE": 1}.items():
        monkeypatch.setattr(retraining, name, value)
    monkeypatch.setattr("bot.app.bot.Trainer", partial(Trainer, (*STAND_IN_TRAINER, "--do", "refuse")))
    config = Config()
    seconds, usual, slower = retraining.measure(
        config.model_copy(update={"retraining": config.retraining.model_copy(update={"minimum_votes": 8})})
    )
    assert 0 < seconds.ours < 60
    assert usual.ours > 0
    assert 0.1 < slower.ours < 10


def test_without_the_engines_it_says_so_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machines, "missing_redis", lambda: "Redis is not installed (Debian: redis-server)")
    assert list(machines.measure()) == []
    assert capsys.readouterr().err == "many machines: not measured, Redis is not installed (Debian: redis-server)\n"
