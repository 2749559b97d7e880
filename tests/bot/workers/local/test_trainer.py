"""The trainer's process: its inputs, its steps, its failures, and that it never stays behind."""

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.errors import BadRequest, TrainerError
from bot.workers.local.trainer import Trainer
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER
from tests.waiting import until


@pytest.fixture
def training_job(tmp_path: Path) -> TrainingJob:
    votes = tmp_path / "votes.jsonl"
    votes.write_text(json.dumps({"id": 12, "abc": "X:1", "rhythm": "reel", "weight": -1.5}) + "\n")
    base, out, report, cache, baseline = (tmp_path / name for name in ("base", "out", "report", "cache", "baseline"))
    return TrainingJob(base, votes, out, report, cache, 7, baseline)


def trainer(*words: str, **options: Any) -> Trainer:
    return Trainer((*STAND_IN_TRAINER, *words), **{"nice": 0, **options})


def inputs(log: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(log.read_text().splitlines()[-1])
    return facts


async def pid_of(log: Path) -> int:
    await until(lambda: log.exists() and log.read_text().endswith("\n"))
    return int(inputs(log)["pid"])


async def test_it_reports_each_step_and_writes_candidate_and_report(training_job: TrainingJob) -> None:
    steps: list[Step] = []
    await trainer().finetune(training_job, steps.append)
    assert steps[0] == Step("reading", 0, 1)
    assert steps[1:5] == [Step("tuning", 10 * n, 40, 2.0 - n / 10) for n in range(4)]
    assert steps[5] == Step("checking", 1, 2, test="diversity")
    assert json.loads(training_job.report.read_text())["passed"]
    assert training_job.out.exists()


async def test_it_has_low_priority_our_session_one_thread_and_no_secret(
    training_job: TrainingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = ("DISCORD_TOKEN", "TUNESMITH_STORE__URL", "TUNESMITH_WORKERS__BROKER")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    log = tmp_path / "log"
    await trainer("--log", str(log), nice=19).finetune(training_job, lambda _: None)
    facts = inputs(log)
    assert facts["environment"] == {"OMP_NUM_THREADS": "1", **dict.fromkeys(secrets)}
    assert (facts["nice"], facts["session"]) == (19, os.getsid(0))
    assert (facts["base"], facts["baseline"], facts["seed"]) == (
        str(training_job.base),
        str(training_job.baseline),
        "7",
    )
    assert facts["examples"] == [{"id": 12, "abc": "X:1", "rhythm": "reel", "weight": -1.5}]


async def test_lines_that_are_no_steps_are_passed_over(training_job: TrainingJob) -> None:
    steps: list[Step] = []
    await trainer("--noise").finetune(training_job, steps.append)
    assert [step.stage for step in steps] == ["reading", *["tuning"] * 4, "checking"]


@pytest.mark.parametrize(
    ("does", "error", "line"),
    [
        ("input", BadRequest, "3 voted tunes are too few to hold any out"),
        ("fail", TrainerError, "cannot write the candidate: No space left on device"),
        ("die", TrainerError, "the trainer was killed by signal 9"),
    ],
)
async def test_a_failure_is_its_own_last_line(
    training_job: TrainingJob, does: str, error: type[Exception], line: str
) -> None:
    with pytest.raises(error) as caught:
        await trainer("--do", does).finetune(training_job, lambda _: None)
    assert str(caught.value) == line


async def test_a_trainer_that_cannot_start_is_one_line(training_job: TrainingJob, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="the trainer cannot start: No such file"):
        await Trainer((str(tmp_path / "nothing"),)).finetune(training_job, lambda _: None)


@pytest.mark.parametrize("limits", [{"silence": 0.5}, {"deadline": 0.5}])
async def test_one_that_hangs_is_stopped(training_job: TrainingJob, limits: dict[str, float]) -> None:
    with pytest.raises(TrainerError, match="so it was stopped"):
        await trainer("--do", "hang", **limits).finetune(training_job, lambda _: None)
    assert not [child for child in psutil.Process().children() if STAND_IN_TRAINER[-1] in child.cmdline()]


@pytest.mark.parametrize("stubborn", [(), ("--stubborn",)])
async def test_when_cancelled_it_is_gone_at_once(
    training_job: TrainingJob, tmp_path: Path, stubborn: tuple[str, ...]
) -> None:
    log = tmp_path / "log"
    hanging = trainer(*stubborn, "--do", "hang", "--log", str(log), grace=0.5)
    task = asyncio.create_task(hanging.finetune(training_job, lambda _: None))
    pid = await pid_of(log)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(pid)
    assert time.monotonic() - began < 3


async def test_a_candidate_that_cannot_compose_is_an_error(training_job: TrainingJob) -> None:
    training_job.out.write_bytes(b"nan")
    with pytest.raises(TrainerError, match=r"the candidate cannot be used: .* not finite numbers"):
        await trainer().prove(training_job.out)
    training_job.out.write_bytes(b"good")
    await trainer().prove(training_job.out)
