# ruff: noqa: ASYNC110, ASYNC240 (what is waited for happens in other processes, or on their disk)
"""Retraining: what passes is in use at once, whatever goes wrong changes nothing, and each end is one clear line."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.errors import Busy, NotFound
from bot.core.retraining import Options, Retraining, RetrainingStatus
from bot.core.values import Message
from bot.retraining import wording
from model.retraining.protocol import Step
from tests.bot.retraining.retrainers import ANN, BOSS, VOTES, RunningRetrainer, running_retrainer, statuses


async def untouched(running: RunningRetrainer) -> None:
    """Version 1 is in use, and no other is known."""
    assert await running.store.versions.current() == 1
    assert [version.number for version in await running.store.versions.load_all()] == [1]
    assert await running.store.retrainings.unfinished() is None


async def test_a_candidate_that_passes_is_in_use_at_once(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        done = await running.retrain(message=Message("10", "20"))
        assert (done.status, done.base, done.version, done.votes, done.tunes) == (
            RetrainingStatus.PROMOTED,
            1,
            2,
            VOTES,
            3,
        )
        assert await running.store.versions.current() == 2
        assert wording.line(done) == "passed: version 2 composes from the next prompt on"
        _, version = await running.store.versions.load_all()
        data = Path(version.path).read_bytes()
        assert version.sha256 == hashlib.sha256(data).hexdigest() == done.sha256
        assert version.note == "retraining 1: 6 votes on 3 tunes"
        (given,) = running.trainer_inputs()
        assert (given["base"], given["baseline"]) == (str(running.data / "first.safetensors"),) * 2
        assert [example["weight"] for example in given["examples"]] == [2.0, 2.0, 2.0]
        assert wording.scores(done) == "bits per note 2.01"


async def test_where_machines_share_a_database_they_find_the_file_there(tmp_path: Path) -> None:
    for shared in (False, True):
        async with running_retrainer(tmp_path / str(shared), shared=shared) as running:
            done = await running.retrain()
            kept = await running.store.checkpoints.load(done.sha256)
            assert kept == (Path(done.candidate).read_bytes() if shared else None)


async def test_a_version_that_another_machine_learned_is_learned_from_and_gone_back_to(tmp_path: Path) -> None:
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


async def test_the_next_one_begins_from_the_version_in_use(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        again = await running.retrain()
        assert (again.base, again.version) == (2, 3)
        first, second = running.trainer_inputs()
        assert second["base"].endswith("retraining-1.safetensors")
        assert second["baseline"] == first["base"], "bits per note are held against version 1, or it would compound"


async def test_progress_is_told_and_kept(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "hang", "--at", "checking", lease=0.4) as running:
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(ANN)
        news = [await anext(updates)]
        while news[-1].progress.step.stage != "checking":
            news.append(await anext(updates))
        assert [each.id for each in news] == [begun.id] * len(news)
        assert news[-1].progress.step == Step("checking", 1, 2, test="diversity")
        assert wording.line(news[-1]) == "checking what was learned (diversity), 50%"
        assert [loss for _, loss in news[-1].progress.losses] == [2.0, 1.9, 1.8, 1.7]
        async with asyncio.timeout(10):
            while (kept := await running.store.retrainings.unfinished()) and kept.progress != news[-1].progress:
                await asyncio.sleep(0.05)
        assert (await running.retrainer.status()).opened == news[-1]
        assert await running.retrainer.curve(news[-1]) == b"\x89PNG"
        assert running.draws.drawn == [[(0.0, 2.0), (10.0, 1.9), (20.0, 1.8), (30.0, 1.7)]]


async def test_a_dry_run_changes_nothing_and_keeps_its_candidate(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        done = await running.retrain(dry_run=True)
        assert (done.status, done.version) == (RetrainingStatus.PASSED, None)
        assert "nothing has changed" in wording.line(done)
        assert "retraining-1.safetensors" in running.files()
        await untouched(running)


async def test_a_refusal_names_the_test_and_by_how_much(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "refuse") as running:
        done = await running.retrain()
        assert done.status is RetrainingStatus.REFUSED
        assert wording.line(done) == (
            "refused, so nothing has changed: diversity 0.80 of version 1's, at least 0.95 (missed by 0.15)"
        )
        assert running.files() == [f"retraining-1.{end}" for end in ("report.json", "safetensors", "votes.jsonl")]
        assert json.loads((running.data / "checkpoints" / "retraining-1.report.json").read_text()) == done.report
        await untouched(running)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["fail"], "cannot write the candidate: No space left on device"),
        (["input"], "3 voted tunes are too few to hold any out"),
        *((["die", "--at", stage], "killed by signal 9") for stage in ("reading", "tuning", "checking", "written")),
        (["die", "--at", "proving"], "the candidate cannot be used: the trainer was killed by signal 9"),
        (["nan"], "the candidate cannot be used: checkpoint .* holds weights that are not finite numbers"),
        (["nan-report"], "report makes no sense"),
        (["garbage-report"], "report makes no sense"),
        (["no-report"], "left no report: No such file"),
        (["no-candidate"], "not the file that the trainer's report is about"),
        (["other-hash"], "not the file that the trainer's report is about"),
    ],
)
async def test_what_goes_wrong_is_one_clear_line_and_changes_nothing(
    tmp_path: Path, words: Sequence[str], line: str
) -> None:
    async with running_retrainer(tmp_path / "data", "--do", *words) as running:
        done = await running.retrain()
        assert done.status is RetrainingStatus.FAILED
        with pytest.raises(AssertionError, match=line):
            raise AssertionError(done.error)
        assert "\n" not in wording.line(done)
        assert running.files() == [], "what failed leaves no files"
        await untouched(running)
    async with running_retrainer(tmp_path / "data") as running:
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED, "and the next one can begin"


async def test_a_report_that_contradicts_itself_is_a_refusal(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "contradict") as running:
        assert (await running.retrain()).status is RetrainingStatus.REFUSED
        await untouched(running)


@pytest.mark.parametrize("limits", [{"silence": 3.0}, {"deadline": 4.0}])
async def test_a_trainer_that_hangs_is_given_up(tmp_path: Path, limits: dict[str, Any]) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "hang", **limits) as running:
        done = await running.retrain()
        assert done.status is RetrainingStatus.FAILED
        assert done.error.endswith("so it was stopped")
        assert not psutil.pid_exists(running.trainer_inputs()[0]["pid"])
        await untouched(running)


# ---- one at a time, cancelled


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
        async with asyncio.timeout(20):
            while not mark.exists():
                await asyncio.sleep(0.02)
        cancelled = await running.retrainer.cancel(BOSS)
        assert (cancelled.id, cancelled.status) == (begun.id, RetrainingStatus.CANCELLED)
        assert (await running.retrainer.finished(begun.id, updates)).status is RetrainingStatus.CANCELLED
        assert wording.line(cancelled) == "cancelled, so nothing has changed"
        with pytest.raises(NotFound, match="no retraining is under way"):
            await running.retrainer.cancel(BOSS)
        async with asyncio.timeout(10):
            while running.files() or psutil.pid_exists(running.trainer_inputs()[0]["pid"]):
                await asyncio.sleep(0.02)
        await untouched(running)
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED


async def test_it_can_be_cancelled_before_it_has_begun(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrainer.start(ANN)
        await running.retrainer.cancel(BOSS)
        await asyncio.sleep(0.2)
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
        async with asyncio.timeout(10):
            assert (await running.retrainer.finished(begun.id, updates)).status is RetrainingStatus.CANCELLED
            while psutil.pid_exists(running.trainer_inputs()[0]["pid"]):
                await asyncio.sleep(0.02)
        await untouched(running)


# ---- stops and kills


async def test_a_clean_stop_is_gone_on_with_after_the_next_start(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "hang", "--at", "written") as running:
        begun = await running.retrainer.start(BOSS, dry_run=True, message=Message("10", "20"))
        await running.reached("checking")
    assert not psutil.pid_exists(running.trainer_inputs()[0]["pid"])
    async with running_retrainer(tmp_path / "data", lease=60.0) as running:
        done = await ended(running, begun.id)
        assert (done.status, done.attempts, done.message_id) == (RetrainingStatus.PASSED, 1, "20")
        assert await statuses(running.store) == [RetrainingStatus.PASSED]


async def ended(running: RunningRetrainer, number: int) -> Retraining:
    async with asyncio.timeout(30):
        while not (found := await running.retrainer.retraining(number)).status.final:
            await asyncio.sleep(0.05)
    return found


async def test_one_that_took_the_bot_down_three_times_is_given_up(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", adopts=False) as running:
        begun = await running.store.retrainings.begin(BOSS, Options(VOTES), 1, "gone")
        for _ in range(3):
            await running.store.retrainings.start(begun.id, "gone", 6, 3)
    async with running_retrainer(tmp_path / "data", lease=0.2) as running:
        done = await ended(running, begun.id)
        assert (done.status, done.error) == (
            RetrainingStatus.FAILED,
            "the bot went down 3 times while this was under way",
        )
        assert running.trainer_inputs() == []
        await untouched(running)
