"""The trainer's process: what it is given, what is heard of it, and that it never stays behind."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.errors import BadRequest, TrainerError
from bot.workers.local.trainer import Trainer
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step

STAND_IN = (sys.executable, "-m", "tests.bot.workers.local.stand_in_trainer")


@pytest.fixture
def work(tmp_path: Path) -> TrainingJob:
    votes = tmp_path / "votes.jsonl"
    votes.write_text(json.dumps({"id": 12, "abc": "X:1", "rhythm": "reel", "weight": -1.5}) + "\n")
    base, out, report, cache, baseline = (tmp_path / name for name in ("base", "out", "report", "cache", "baseline"))
    return TrainingJob(base, votes, out, report, cache, 7, baseline)


def trainer(*words: str, **options: Any) -> Trainer:
    return Trainer((*STAND_IN, *words), **{"nice": 0, **options})


def given(log: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(log.read_text().splitlines()[-1])
    return facts


async def pid_of(log: Path) -> int:
    async with asyncio.timeout(20):
        while not log.exists() or not log.read_text().endswith("\n"):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.02)
    return int(given(log)["pid"])


async def test_it_says_each_step_and_leaves_candidate_and_report(work: TrainingJob) -> None:
    heard: list[Step] = []
    await trainer().finetune(work, heard.append)
    assert heard[0] == Step("reading", 0, 1)
    assert heard[1:5] == [Step("tuning", 10 * n, 40, 2.0 - n / 10) for n in range(4)]
    assert heard[5] == Step("checking", 1, 2, test="diversity")
    assert json.loads(work.report.read_text())["passed"]
    assert work.out.exists()


async def test_it_is_of_low_priority_in_our_session_with_one_thread_and_no_secret(
    work: TrainingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = ("DISCORD_TOKEN", "TUNESMITH_STORE__URL", "TUNESMITH_WORKERS__BROKER")
    for name in secrets:
        monkeypatch.setenv(name, "secret")
    log = tmp_path / "log"
    await trainer("--log", str(log), nice=19).finetune(work, lambda _: None)
    facts = given(log)
    assert facts["environment"] == {"OMP_NUM_THREADS": "1", **dict.fromkeys(secrets)}
    assert (facts["nice"], facts["session"]) == (19, os.getsid(0))
    assert (facts["base"], facts["baseline"], facts["seed"]) == (str(work.base), str(work.baseline), "7")
    assert facts["lessons"] == [{"id": 12, "abc": "X:1", "rhythm": "reel", "weight": -1.5}]


async def test_what_is_no_step_does_not_disturb(work: TrainingJob) -> None:
    heard: list[Step] = []
    await trainer("--noise").finetune(work, heard.append)
    assert [step.stage for step in heard] == ["reading", *["tuning"] * 4, "checking"]


@pytest.mark.parametrize(
    ("does", "error", "line"),
    [
        ("input", BadRequest, "3 voted tunes are too few to hold any out"),
        ("fail", TrainerError, "cannot write the candidate: No space left on device"),
        ("die", TrainerError, "the trainer was killed by signal 9"),
    ],
)
async def test_a_failure_is_its_own_last_line(work: TrainingJob, does: str, error: type[Exception], line: str) -> None:
    with pytest.raises(error) as caught:
        await trainer("--do", does).finetune(work, lambda _: None)
    assert str(caught.value) == line


async def test_a_trainer_that_cannot_start_is_one_line(work: TrainingJob, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="the trainer cannot start: No such file"):
        await Trainer((str(tmp_path / "nothing"),)).finetune(work, lambda _: None)


@pytest.mark.parametrize("limits", [{"silence": 3.0}, {"deadline": 4.0}])
async def test_one_that_hangs_is_stopped(work: TrainingJob, tmp_path: Path, limits: dict[str, float]) -> None:
    log = tmp_path / "log"
    with pytest.raises(TrainerError, match="so it was stopped"):
        await trainer("--do", "hang", "--log", str(log), **limits).finetune(work, lambda _: None)
    assert not psutil.pid_exists(await pid_of(log))


@pytest.mark.parametrize("stubborn", [(), ("--stubborn",)])
async def test_when_cancelled_it_is_gone_at_once(work: TrainingJob, tmp_path: Path, stubborn: tuple[str, ...]) -> None:
    log = tmp_path / "log"
    hanging = trainer(*stubborn, "--do", "hang", "--log", str(log), grace=0.5)
    task = asyncio.create_task(hanging.finetune(work, lambda _: None))
    pid = await pid_of(log)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not psutil.pid_exists(pid)
    assert time.monotonic() - began < 3


async def test_a_candidate_that_cannot_compose_is_told(work: TrainingJob) -> None:
    work.out.write_bytes(b"nan")
    with pytest.raises(TrainerError, match=r"the candidate cannot be used: .* not finite numbers"):
        await trainer().prove(work.out)
    work.out.write_bytes(b"good")
    await trainer().prove(work.out)
