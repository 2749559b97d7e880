# ruff: noqa: ASYNC240 (files of other processes)
"""Retrainings, one at a time: begun, cancelled, interrupted, and the version that is chosen."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from bot.core.errors import BadRequest, Busy, NotFound
from bot.core.retraining import RetrainingStatus
from bot.core.values import Message
from bot.retraining import wording
from tests.bot.retraining.retrainers import ANN, BOSS, running_retrainer, statuses, untouched, vote
from tests.waiting import until


@pytest.mark.parametrize(("members", "line"), [((), "there are 0 votes"), (("2000",), "there are 3 votes")])
async def test_with_too_few_votes_nothing_begins(tmp_path: Path, members: Sequence[str], line: str) -> None:
    async with running_retrainer(tmp_path / "data", votes=False) as running:
        await vote(running.store, members)
        with pytest.raises(BadRequest, match=f"{line} to learn from, and a retraining needs at least 6"):
            await running.retrainer.start(ANN)
        assert await statuses(running.store) == []
        assert running.trainer_inputs() == []
        if members:
            assert (await running.retrain(minimum_votes=3)).status is RetrainingStatus.PROMOTED


@pytest.mark.parametrize("minimum", [0, -1, 10**30])
async def test_a_minimum_out_of_range_is_refused(tmp_path: Path, minimum: int) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        with pytest.raises(BadRequest, match="choose 1 to 1,000,000"):
            await running.retrainer.start(ANN, minimum_votes=minimum)


async def test_a_second_one_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "hang") as running:
        begun = await running.retrainer.start(ANN)
        with pytest.raises(Busy, match="retraining 1 is under way"):
            await running.retrainer.start(BOSS)
        async with running_retrainer(tmp_path / "data") as other:  # another process, as far as the database can tell
            with pytest.raises(Busy, match="retraining 1 is under way"):
                await other.retrainer.start(BOSS)
        assert (await running.retrainer.retraining(begun.id)).status in (
            RetrainingStatus.QUEUED,
            RetrainingStatus.RUNNING,
        )


@pytest.mark.parametrize("stage", ["reading", "tuning", "checking", "written", "proving"])
async def test_it_can_be_cancelled_at_every_stage(tmp_path: Path, stage: str) -> None:
    mark = tmp_path / "mark"
    async with running_retrainer(tmp_path / "data", "--do", "hang", "--at", stage, "--once", str(mark)) as running:
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(ANN)
        await until(mark.exists)
        cancelled = await running.retrainer.cancel(BOSS)
        assert (cancelled.id, cancelled.status) == (begun.id, RetrainingStatus.CANCELLED)
        assert (await running.retrainer.finished(begun.id, updates)).status is RetrainingStatus.CANCELLED
        assert wording.line(cancelled) == "cancelled, so nothing has changed"
        with pytest.raises(NotFound, match="no retraining is under way"):
            await running.retrainer.cancel(BOSS)
        await until(lambda: not running.files() and not psutil.pid_exists(running.trainer_inputs()[0]["pid"]))
        await untouched(running)
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED


async def test_it_can_be_cancelled_before_it_has_begun(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        begun = await running.retrainer.start(ANN)
        await running.retrainer.cancel(BOSS)
        await until(lambda: not running.retrainer.runs_here(begun.id))
        await untouched(running)
        assert await statuses(running.store) == [RetrainingStatus.CANCELLED]
        assert running.files() == []


async def test_one_of_another_process_can_be_cancelled(tmp_path: Path) -> None:
    async with (
        running_retrainer(tmp_path / "data", "--do", "hang", lease=0.8) as running,
        running_retrainer(tmp_path / "data", lease=60.0) as other,
    ):
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(ANN)
        await running.reached("tuning")
        await other.retrainer.cancel(BOSS)
        async with asyncio.timeout(120):
            assert (await running.retrainer.finished(begun.id, updates)).status is RetrainingStatus.CANCELLED
        await until(lambda: not psutil.pid_exists(running.trainer_inputs()[0]["pid"]))
        await untouched(running)


async def test_after_a_clean_stop_it_goes_on_with_the_next_start(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "hang", "--at", "written") as running:
        begun = await running.retrainer.start(BOSS, dry_run=True, message=Message("10", "20"))
        await running.reached("checking")
    assert not psutil.pid_exists(running.trainer_inputs()[0]["pid"])
    async with running_retrainer(tmp_path / "data", lease=60.0) as running:
        done = await running.ended(begun.id)
        assert (done.status, done.attempts, done.message_id) == (RetrainingStatus.PASSED, 1, "20")
        assert await statuses(running.store) == [RetrainingStatus.PASSED]


async def test_a_rollback_chooses_a_version_and_is_in_the_audit(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        assert (await running.retrainer.rollback(BOSS, 1)).number == 1
        assert await running.store.versions.current() == 1
        with pytest.raises(BadRequest, match="version 1 is in use already"):
            await running.retrainer.rollback(BOSS, 1)
        with pytest.raises(NotFound, match="there is no version 9: there are 1, 2"):
            await running.retrainer.rollback(BOSS, 9)
        await running.retrainer.rollback(BOSS, 2)
        assert await running.store.versions.current() == 2
        records = await running.store.audit.latest(BOSS)
        assert [(record.action, record.detail) for record in records] == [
            ("rollback", "to version 2"),
            ("rollback", "to version 1"),
        ]


@pytest.mark.parametrize("damage", ["gone", "changed"])
async def test_a_version_whose_file_is_missing_or_damaged_is_not_chosen(tmp_path: Path, damage: str) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        done = await running.retrain()
        await running.retrainer.rollback(BOSS, 1)
        path = Path(done.candidate)
        path.unlink() if damage == "gone" else path.write_bytes(b"other")
        with pytest.raises(NotFound, match="missing or damaged: nothing has changed"):
            await running.retrainer.rollback(BOSS, 2)
        assert await running.store.versions.current() == 1


async def test_a_version_of_another_machine_can_be_the_base_and_be_rolled_back_to(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", shared=True) as running:
        first = await running.retrain()
        Path(first.candidate).unlink()  # it lies on the other machine, and in the database
        again = await running.retrain()
        assert (again.status, again.base) == (RetrainingStatus.PROMOTED, 2), again.error
        base = Path(running.trainer_inputs()[1]["base"])
        assert (base.name, hashlib.sha256(base.read_bytes()).hexdigest()) == (
            "retraining-2.version-2.safetensors",
            first.sha256,
        )
        assert (await running.retrainer.rollback(BOSS, 2)).number == 2


async def test_a_version_chosen_meanwhile_stays_in_use(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(ANN)
        await running.retrainer.rollback(BOSS, 1)
        done = await running.retrainer.finished(begun.id, updates)
        assert (done.status, done.version, done.chosen) == (RetrainingStatus.PROMOTED, 3, False)
        assert "/model rollback version:3" in wording.line(done)
        assert await running.store.versions.current() == 1
