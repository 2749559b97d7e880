# ruff: noqa: ASYNC110, ASYNC220 (what is waited for happens in other processes, or on their disk)
"""A bot that is killed while it retrains: its trainer goes with it, and the next start goes on."""

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bot.core.retraining import RetrainingStatus
from tests.bot.retraining.retrainers import VOTES, running_retrainer, statuses
from tests.command_line import ROOT

STAGES = ["reading", "tuning", "checking", "written", "proving"]


async def killed(data: Path, *words: str) -> int:
    """The trainer's process id; its bot was killed when the trainer, or the trial, had come to where it hangs."""
    mark = data.parent / "mark"
    command = [
        sys.executable,
        "-m",
        "tests.bot.retraining.killable_retraining",
        str(data),
        "--do",
        "hang",
        "--once",
        str(mark),
        *words,
    ]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        async with asyncio.timeout(30):
            while not mark.exists():
                await asyncio.sleep(0.02)
        children = psutil.Process(process.pid).children()
        assert len(children) == 1
        return int(children[0].pid)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("stage", STAGES)
async def test_one_killed_at_any_stage_is_gone_on_with_and_its_message_too(tmp_path: Path, stage: str) -> None:
    data = tmp_path / "data"
    child = await killed(data, "--at", stage)
    if stage != "proving":  # that composes one tune, and ends by itself
        async with asyncio.timeout(10):
            while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.05)
    async with running_retrainer(data, lease=1.0) as running:
        assert await running.store.versions.current() == 1
        async with asyncio.timeout(30):
            while not (found := await running.retrainer.retraining(1)).status.final:
                await asyncio.sleep(0.05)
        assert (found.status, found.attempts, found.message_id, found.votes) == (
            RetrainingStatus.PROMOTED,
            2,
            "20",
            VOTES,
        )
        assert await statuses(running.store) == [RetrainingStatus.PROMOTED]
        assert await running.store.versions.current() == 2
        assert [version.number for version in await running.store.versions.load_all()] == [1, 2]
    if psutil.pid_exists(child):
        psutil.Process(child).kill()
