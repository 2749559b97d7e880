"""`python -m bot retrain`: beside a bot or alone, one at a time, and interrupted without a trace."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from bot.core.retraining import RetrainingStatus
from bot.core.values import Place
from bot.store import Store
from tests.bot.retraining.retrainers import BOSS, running_retrainer, vote
from tests.command_line import ROOT, environment
from tests.waiting import until


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with votes to learn from."""

    async def prepare() -> None:
        async with await Store.open(tmp_path / "data" / "tunesmith.db") as store:
            await store.versions.add("/shipped", "0" * 64, "trad", 1)
            await vote(store, count=8, disliked=8)

    asyncio.run(prepare())
    return tmp_path / "data"


def command(data: Path, *words: str, stand_in: Sequence[str] = (), **settings: str) -> "subprocess.Popen[str]":
    line = [sys.executable, "-m", "tests.bot.retraining.bot_with_stand_in_trainer", *stand_in, "--", "retrain", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(line, cwd=ROOT, env=environment(data, **settings), text=True, **pipes)  # type: ignore[call-overload,no-any-return]


def ran(data: Path, *words: str, stand_in: Sequence[str] = (), **settings: str) -> tuple[int, str, str]:
    process = command(data, *words, stand_in=stand_in, **settings)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def states(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "tunesmith.db")) as database:
        return [row[0] for row in database.execute("SELECT state FROM retrainings ORDER BY id")]


def test_it_learns_from_the_database_of_the_settings(data: Path, database: str) -> None:
    async def prepare() -> None:
        async with await Store.open(database) as store:
            await store.versions.add("/shipped", "0" * 64, "trad", 1)
            await vote(store, count=8, disliked=8)

    asyncio.run(prepare())
    status, out, err = ran(data, "--minimum-votes", "6", "--dry-run", TUNESMITH_STORE__URL=database)
    assert (status, out) == (0, "retraining 1 passed; a dry run, so nothing has changed\n"), err
    assert states(data) == []


def test_what_passes_is_in_use_and_described(data: Path) -> None:
    status, out, err = ran(data, "--minimum-votes", "6", "--json")
    done = json.loads(out)
    assert status == 0
    assert (done["state"], done["base"], done["version"], done["in_use"]) == ("promoted", 1, 2, True)
    assert (done["votes"], done["tunes"], done["report"]["passed"]) == (32, 16, True)
    assert (
        "retraining 1: checking what was learned (diversity), 50%" in err.splitlines()[-1]
    )  # others may be passed over

    async def current() -> int | None:
        async with await Store.open(data / "tunesmith.db") as store:
            return await store.versions.current()

    assert asyncio.run(current()) == 2


def test_a_dry_run_and_a_refusal_are_no_failures(data: Path) -> None:
    status, out, _ = ran(data, "--minimum-votes", "6", "--dry-run")
    assert (status, out) == (0, "retraining 1 passed; a dry run, so nothing has changed\n")
    status, out, _ = ran(data, "--minimum-votes", "6", stand_in=("--do", "refuse"))
    assert status == 0
    assert out.startswith("retraining 2 refused, so nothing has changed: diversity 0.80")


@pytest.mark.parametrize(
    ("words", "does", "status", "line"),
    [
        ((), "pass", 2, "error: there are 32 votes to learn from, and a retraining needs at least 50"),
        (("--minimum-votes", "0"), "pass", 2, "error: minimum votes is 0: choose 1 to 1,000,000"),
        (("--minimum-votes", "six"), "pass", 2, "error: argument --minimum-votes"),
        (("--minimum-votes", "6"), "fail", 1, "error: retraining 1 failed, so nothing has changed: cannot write the"),
        (
            ("--minimum-votes", "6"),
            "nan",
            1,
            "error: retraining 1 failed, so nothing has changed: the candidate cannot",
        ),
    ],
)
def test_a_mistake_or_a_failure_is_one_line(
    data: Path, words: Sequence[str], does: str, status: int, line: str
) -> None:
    found, out, err = ran(data, *words, stand_in=("--do", does))
    assert (found, out) == (status, "")
    assert err.splitlines()[-1].startswith(line)
    assert "Traceback" not in err


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_one_is_cancelled_and_its_trainer_is_gone(
    data: Path, tmp_path: Path, name: signal.Signals
) -> None:
    mark = tmp_path / "mark"
    process = command(data, "--minimum-votes", "6", stand_in=("--do", "hang", "--once", str(mark)))
    children = hanging(process, mark)
    process.send_signal(name)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 128 + name
    assert "Traceback" not in err
    assert psutil.wait_procs(children, timeout=120)[1] == []
    assert states(data) == [RetrainingStatus.CANCELLED]
    assert ran(data, "--minimum-votes", "6")[0] == 0


def hanging(process: "subprocess.Popen[str]", mark: Path) -> list[psutil.Process]:
    """Wait until the trainer hangs; the command's children."""
    until = time.monotonic() + 120
    while not mark.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    return psutil.Process(process.pid).children()


async def test_it_waits_for_no_turn_beside_a_bot_that_retrains_and_is_told_so(data: Path) -> None:
    async with running_retrainer(data, "--do", "hang") as running:
        await running.retrainer.start(BOSS)
        status, _, err = await asyncio.to_thread(ran, data, "--minimum-votes", "6")
        assert (status, err) == (1, "error: retraining 1 is under way, and there is one at a time: see /model status\n")


async def test_one_that_was_killed_is_failed_by_the_bot_and_blocks_nobody(data: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    process = command(data, "--minimum-votes", "6", stand_in=("--do", "hang", "--once", str(mark)))
    await asyncio.to_thread(hanging, process, mark)
    process.kill()
    await asyncio.to_thread(process.communicate)
    async with running_retrainer(data, lease=1.0) as running:

        async def ended() -> bool:
            return (await running.retrainer.retraining(1)).status.final

        await until(ended)
        found = await running.retrainer.retraining(1)
        assert (found.status, found.error) == (RetrainingStatus.FAILED, "its command was killed")
        assert (await running.retrain(Place("web", "local", "ann"))).status is RetrainingStatus.PROMOTED
