# ruff: noqa: ASYNC240 (files of other processes)
"""One retraining, from the votes to its end: what passes is in use at once, and whatever fails changes nothing."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.retraining import Options, RetrainingStatus
from bot.core.values import Message
from bot.retraining import wording
from model.retraining.protocol import Step
from tests.bot.retraining.retrainers import ANN, BOSS, VOTES, running_retrainer, statuses, untouched
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER
from tests.command_line import ROOT
from tests.waiting import until

STAGES = ["reading", "tuning", "checking", "written", "proving"]


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


async def test_the_next_one_begins_from_the_version_in_use(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        again = await running.retrain()
        assert (again.base, again.version) == (2, 3)
        first, second = running.trainer_inputs()
        assert second["base"].endswith("retraining-1.safetensors")
        assert second["baseline"] == first["base"], "bits per note are held against version 1, or it would compound"


async def test_where_machines_share_a_database_they_find_the_file_there(tmp_path: Path) -> None:
    for shared in (False, True):
        async with running_retrainer(tmp_path / str(shared), shared=shared) as running:
            done = await running.retrain()
            kept = await running.store.checkpoints.load(done.sha256)
            assert kept == (Path(done.candidate).read_bytes() if shared else None)


async def test_progress_is_published_and_stored(tmp_path: Path) -> None:
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

        async def stored() -> bool:
            found = await running.store.retrainings.unfinished()
            return found is not None and found.progress == news[-1].progress

        await until(stored)
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


async def test_a_refusal_names_the_test_and_by_how_much_it_failed(tmp_path: Path) -> None:
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
async def test_a_failure_is_one_line_and_changes_nothing(tmp_path: Path, words: Sequence[str], line: str) -> None:
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


@pytest.mark.parametrize("limits", [{"silence": 0.5}, {"deadline": 0.5}])
async def test_a_trainer_that_hangs_is_stopped(tmp_path: Path, limits: dict[str, Any]) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "hang", **limits) as running:
        done = await running.retrain()
        assert done.status is RetrainingStatus.FAILED
        assert done.error.endswith("so it was stopped")
        assert not [child for child in psutil.Process().children() if STAND_IN_TRAINER[-1] in child.cmdline()]
        await untouched(running)


async def test_one_that_took_the_bot_down_three_times_is_given_up(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", adopts=False) as running:
        begun = await running.store.retrainings.begin(BOSS, Options(VOTES), 1, "gone")
        for _ in range(3):
            await running.store.retrainings.start(begun.id, "gone", 6, 3)
    async with running_retrainer(tmp_path / "data", lease=0.2) as running:
        done = await running.ended(begun.id)
        assert (done.status, done.error) == (
            RetrainingStatus.FAILED,
            "the bot went down 3 times while this was under way",
        )
        assert running.trainer_inputs() == []
        await untouched(running)


async def kill_at(stage: str, data: Path) -> int:
    """Kill a bot when its trainer, or the trial of the candidate, hangs at a stage; the process id of that."""
    mark = data.parent / "mark"
    words = ["--do", "hang", "--at", stage, "--once", str(mark)]
    command = [sys.executable, "-m", "tests.bot.retraining.killable_retraining", str(data), *words]
    with subprocess.Popen(command, cwd=ROOT) as process:  # noqa: ASYNC220 (it is killed)
        try:
            await until(mark.exists, within=120)
            (child,) = psutil.Process(process.pid).children()
            return int(child.pid)
        finally:
            process.kill()


@pytest.mark.parametrize("stage", STAGES)
async def test_after_a_kill_at_any_stage_it_begins_anew_and_keeps_its_message(tmp_path: Path, stage: str) -> None:
    data = tmp_path / "data"
    child = await kill_at(stage, data)
    if stage != "proving":  # that composes one tune, and ends by itself
        await until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
    async with running_retrainer(data, lease=1.0) as running:
        assert await running.store.versions.current() == 1
        found = await running.ended(1)
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
