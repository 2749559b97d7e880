"""Retraining on a worker: whatever happens to it, to Redis or to the bot, there is one end, as beside the bot."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.errors import TrainerError
from bot.core.retraining import RetrainingStatus
from bot.retraining import wording
from bot.workers.cluster.files import Files
from bot.workers.cluster.jobs import Broker
from bot.workers.cluster.trainer_client import RemoteTrainer
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from model.worker.protocol import Event, Job
from tests.bot.retraining.retrainers import BOSS, VOTES, RunningRetrainer, running_retrainer, statuses
from tests.bot.workers.conftest import RunAgent
from tests.command_line import ROOT
from tests.engines.redis_server import RedisServer
from tests.engines.worker_processes import StartAgent
from tests.waiting import until

LEASE = 1.0  # seconds: the shortest that a setting allows


def trainer_inputs(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_a_worker_process_makes_the_candidate(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    log = tmp_path / "trainer.log"
    start_agent("gpu", LEASE, f"--trainer=--log {log}")
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(BOSS)
        done = await running.retrainer.finished(begun.id, updates)
        assert (done.status, done.version) == (RetrainingStatus.PROMOTED, 2), done.error
        assert (done.attempts, done.votes) == (1, VOTES)
        assert [loss for _, loss in done.progress.losses] == [2.0, 1.9, 1.8, 1.7]
        _, version = await running.store.versions.load_all()
        assert hashlib.sha256(Path(version.path).read_bytes()).hexdigest() == version.sha256 == done.sha256  # noqa: ASYNC240
        assert version.path == str(running.data / "checkpoints" / "retraining-1.safetensors")
        first = f"{hashlib.sha256(b'first').hexdigest()}.safetensors"
        (inputs,) = trainer_inputs(log)
        assert inputs["base"] == inputs["baseline"] == str(tmp_path / "gpu" / "fetched" / first)
        assert (len(inputs["examples"]), inputs["seed"]) == (3, str(begun.id))
        assert running.trainer_inputs() == [], "the bot trained nothing"


async def test_a_refused_candidate_and_its_report_come_to_the_bot(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    async with (
        run_agent(trainer=("--do", "refuse")),
        running_retrainer(tmp_path / "data", through=redis.url()) as running,
    ):
        done = await running.retrain()
        assert (done.status, "missed by 0.15" in wording.line(done)) == (RetrainingStatus.REFUSED, True)
        assert running.files() == [f"retraining-1.{end}" for end in ("report.json", "safetensors", "votes.jsonl")]
        assert json.loads((running.data / "checkpoints" / "retraining-1.report.json").read_text()) == done.report


@pytest.mark.parametrize(
    ("does", "line"),
    [
        ("fail", "cannot write the candidate: No space left on device"),
        ("other-hash", "the candidate is not the file that the trainer's report is about"),
    ],
)
async def test_a_failure_there_is_the_same_line_as_here(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path, does: str, line: str
) -> None:
    async with (
        run_agent(trainer=("--do", does)),
        running_retrainer(tmp_path / "data", through=redis.url()) as running,
    ):
        done = await running.retrain()
        assert (done.status, done.error) == (RetrainingStatus.FAILED, line)
        assert running.files() == []


async def test_the_training_of_a_killed_worker_is_taken_over(
    redis: RedisServer, run_agent: RunAgent, start_agent: StartAgent, tmp_path: Path
) -> None:
    log, mark = tmp_path / "log", tmp_path / "mark"
    words = ("--log", str(log), "--do", "hang", "--at", "checking", "--once", str(mark))
    first = start_agent("first", LEASE, f"--trainer={' '.join(words)}")
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(BOSS)
        await running.reached("checking")
        async with run_agent(name="second", lease=LEASE, trainer=words) as second:
            await renewed(second.broker, redis)
            assert len(trainer_inputs(log)) == 1, "as long as the first lives, it is the first's"
            first.kill()
            done = await running.retrainer.finished(begun.id, updates)
        assert (done.status, done.attempts) == (RetrainingStatus.PROMOTED, 1), done.error
        assert [loss for _, loss in done.progress.losses] == [2.0, 1.9, 1.8, 1.7]
        await until(lambda: is_gone(trainer_inputs(log)[0]["pid"]))


async def renewed(broker: Broker, redis: RedisServer) -> None:
    """Wait until the holder of the one training has renewed its lease several times."""
    (name,) = await broker.trainings.names()
    key = f"tunesmith:{broker.protocol}:training:{name}:holder"
    last, renewals = 0, 0

    async def several() -> bool:
        nonlocal last, renewals
        left = await broker._redis.pttl(key)
        renewals += left > last
        last = left
        return bool(renewals > 4)

    await until(several)


async def test_it_is_cancelled_within_seconds(redis: RedisServer, run_agent: RunAgent, tmp_path: Path) -> None:
    log, mark = tmp_path / "log", tmp_path / "mark"
    words = ("--log", str(log), "--do", "hang", "--once", str(mark))
    async with (
        run_agent(trainer=words),
        running_retrainer(tmp_path / "data", through=redis.url()) as running,
    ):
        await running.retrainer.start(BOSS)
        await running.reached("tuning")
        assert (await running.retrainer.cancel(BOSS)).status is RetrainingStatus.CANCELLED
        await until(lambda: not running.files() and is_gone(trainer_inputs(log)[0]["pid"]), within=120)
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED, "and the next one can begin"


async def test_a_killed_bot_begins_anew_and_its_old_training_ends_by_itself(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    data, log, mark = tmp_path / "data", tmp_path / "log", tmp_path / "mark"
    command = [sys.executable, "-m", "tests.bot.retraining.killable_retraining", str(data), redis.url()]
    async with run_agent(trainer=("--log", str(log), "--do", "hang", "--once", str(mark))):
        with subprocess.Popen(command, cwd=ROOT) as bot:  # noqa: ASYNC220 (it is killed)
            try:
                await until(mark.exists)
            finally:
                bot.kill()
        async with running_retrainer(data, through=redis.url(), lease=1.0) as running:
            found = await ended(running, 1)
            assert (found.status, found.attempts, found.message_id) == (RetrainingStatus.PROMOTED, 2, "20"), found.error
            assert await statuses(running.store) == [RetrainingStatus.PROMOTED]
            hung, _ = trainer_inputs(log)
            assert is_gone(hung["pid"])


async def test_a_candidate_that_was_damaged_on_the_way_is_uploaded_again(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, whole, downloads = tmp_path / "log", Files.download, 0

    async def download(files: Files, sha256: str) -> bytes | None:
        nonlocal downloads
        data = await whole(files, sha256)
        if data is None or not data.startswith(b"learned"):
            return data
        downloads += 1
        return data[:-1] if downloads == 1 else data

    monkeypatch.setattr(Files, "download", download)
    async with (
        run_agent(trainer=("--log", str(log))),
        running_retrainer(tmp_path / "data", through=redis.url()) as running,
    ):
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED
        assert downloads >= 2
        assert len(trainer_inputs(log)) == 1


async def test_training_goes_on_while_redis_is_down_and_forgets_everything(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    log, go = tmp_path / "log", tmp_path / "go"
    words = ("--log", str(log), "--do", "wait", "--once", str(go))
    async with (
        run_agent(lease=LEASE, trainer=words) as agent,
        running_retrainer(tmp_path / "data", through=redis.url()) as running,
    ):
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(BOSS)
        await running.reached("tuning")
        redis.kill()
        await until(lambda: not agent._connection.available)
        redis.forget()
        redis.start()
        go.touch()
        done = await running.retrainer.finished(begun.id, updates)
        assert done.status is RetrainingStatus.PROMOTED, done.error
        assert (len(trainer_inputs(log)), running.trainer_inputs()) == (1, [])


async def test_where_no_worker_trains_the_bot_does_and_logs_it(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        run_agent(),
        running_retrainer(tmp_path / "data", through=redis.url(), alone_after=0.3) as running,
    ):
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED
        assert len(running.trainer_inputs()) == 1
    assert "no worker trains just now: the bot trains beside itself" in caplog.text


async def test_a_training_that_three_workers_went_down_with_is_given_up(redis: RedisServer, tmp_path: Path) -> None:
    broker = Broker(redis.url())
    await broker.send_heartbeat("c", Health("gpu", device="NVIDIA H100", trains=True))
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        begun = await running.retrainer.start(BOSS)
        await until(broker.trainings.names)
        (name,) = await broker.trainings.names()
        for holder in ("w1", "w2", "w3", "w4"):
            await until(lambda holder=holder: broker.trainings.claim(name, holder, "gpu", 0.1))  # type: ignore[misc]
        done = await ended(running, begun.id)
        assert (done.status, done.error) == (RetrainingStatus.FAILED, "3 workers went down while this was under way")
    await broker.close()


async def ended(running: RunningRetrainer, number: int) -> Any:
    async def final() -> bool:
        return (await running.retrainer.retraining(number)).status.final

    await until(final, within=120)
    return await running.retrainer.retraining(number)


class WorkersThatAnswer:
    """Answers every job with one event."""

    restarts, outage = 0, ""

    def __init__(self, **event: Any) -> None:
        self.event, self.jobs = event, list[Job]()

    def workers(self) -> list[Health]:
        return []

    async def compose(self, job: Job) -> Event:
        self.jobs.append(job)
        return Event(job.id, **self.event)


async def test_a_candidate_that_no_worker_can_use_is_refused(tmp_path: Path) -> None:
    candidate = tmp_path / "candidate.safetensors"
    candidate.write_bytes(b"weights")
    note = "version 0 cannot be used: it holds weights that are not finite numbers"
    for event in ({"state": "done", "note": note}, {"state": "failed", "error": note.partition(": ")[2]}):
        with pytest.raises(TrainerError, match="the candidate cannot be used: it holds weights that are not finite"):
            await RemoteTrainer("redis://nowhere", Trainer(), WorkersThatAnswer(**event)).prove(candidate)
    workers = WorkersThatAnswer(state="done")
    await RemoteTrainer("redis://nowhere", Trainer(), workers).prove(candidate)
    (job,) = workers.jobs
    assert (job.checkpoint, job.sha256) == (str(candidate), hashlib.sha256(b"weights").hexdigest())
