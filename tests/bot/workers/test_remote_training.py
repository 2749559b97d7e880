# ruff: noqa: ASYNC110, ASYNC220, ASYNC240 (what is waited for happens in other processes, or on their disk)
"""Retraining on a worker: whatever happens to it, to Redis or to the bot, there is one end, as beside the bot."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot import verdict
from bot.errors import TrainerError
from bot.learning import Stand
from bot.workers import remote_trainer, training_station
from bot.workers.broker import Broker
from bot.workers.cache import Cache
from bot.workers.carried import Files
from bot.workers.health import Health
from bot.workers.remote_trainer import RemoteTrainer
from bot.workers.trainer import Trainer
from bot.workers.training_station import TrainingStation
from model.jobs import Event, Job
from tests.bot.classroom import BOSS, VOTES, school, stands
from tests.bot.workers.test_local import until
from tests.command_line import ROOT
from tests.engines.redis_server import RedisServer
from tests.engines.stations import StartStation

LEASE = 1.0  # seconds: the shortest that a setting allows


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_trainer, "EVERY", 0.1)


def trainer(log: Path, *words: str) -> str:
    return "--trainer=" + " ".join(("--log", str(log), *words))


def given(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_it_goes_the_whole_way(redis: RedisServer, start_station: StartStation, tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    start_station("gpu", LEASE, trainer(log))
    async with school(tmp_path / "data", through=redis.url()) as taught:
        changes = taught.retrainer.changes()
        begun = await taught.retrainer.start(BOSS)
        news = [await anext(changes)]
        while not news[-1].stand.final:
            news.append(await anext(changes))
        done = news[-1]
        assert (done.stand, done.version, done.attempts, done.votes) == (Stand.PROMOTED, 2, 1, VOTES), done.error
        assert [loss for _, loss in done.course.losses] == [2.0, 1.9, 1.8, 1.7]
        _, version = await taught.store.versions()
        assert hashlib.sha256(Path(version.path).read_bytes()).hexdigest() == version.sha256 == done.sha256
        assert Path(version.path).parent == (taught.data / "checkpoints").absolute()
        first = f"{hashlib.sha256(b'first').hexdigest()}.safetensors"
        (facts,) = given(log)
        assert facts["base"] == facts["baseline"] == str(tmp_path / "gpu" / "checkpoints" / first)
        assert (len(facts["lessons"]), facts["nice"], facts["seed"]) == (3, 19, str(begun.id))
        assert taught.given() == [], "the bot trained nothing"


async def test_what_is_refused_lies_where_an_admin_finds_it(
    redis: RedisServer, start_station: StartStation, tmp_path: Path
) -> None:
    start_station("gpu", LEASE, trainer(tmp_path / "log", "--do", "refuse"))
    async with school(tmp_path / "data", through=redis.url()) as taught:
        done = await taught.retrained()
        assert (done.stand, "missed by 0.15" in verdict.line(done)) == (Stand.REFUSED, True)
        assert taught.files() == [f"retraining-1.{end}" for end in ("report.json", "safetensors", "votes.jsonl")]
        assert json.loads((taught.data / "checkpoints" / "retraining-1.report.json").read_text()) == done.report


@pytest.mark.parametrize(
    ("does", "line"),
    [
        ("fail", "cannot write the candidate: No space left on device"),
        ("other-hash", "the candidate is not the file that the trainer's report is about"),
    ],
)
async def test_what_goes_wrong_there_is_the_same_line_as_here(
    redis: RedisServer, start_station: StartStation, tmp_path: Path, does: str, line: str
) -> None:
    start_station("gpu", LEASE, trainer(tmp_path / "log", "--do", does))
    async with school(tmp_path / "data", through=redis.url()) as taught:
        done = await taught.retrained()
        assert (done.stand, done.error) == (Stand.FAILED, line)
        assert taught.files() == []


async def test_a_killed_worker_has_its_training_taken_over(
    redis: RedisServer, start_station: StartStation, tmp_path: Path
) -> None:
    log, mark = tmp_path / "log", tmp_path / "mark"
    words = trainer(log, "--do", "hang", "--at", "checking", "--once", str(mark))
    first = start_station("first", LEASE, words)
    async with school(tmp_path / "data", through=redis.url()) as taught:
        changes = taught.retrainer.changes()
        begun = await taught.retrainer.start(BOSS)
        await taught.until("checking")
        second = start_station("second", LEASE, words)
        await second.ready()
        await asyncio.sleep(1.2 * LEASE)
        assert len(given(log)) == 1, "as long as the first lives, it is the first's"
        first.kill()
        async with asyncio.timeout(30):
            done = await taught.retrainer.finished(begun.id, changes)
        assert (done.stand, done.attempts) == (Stand.PROMOTED, 1), done.error
        assert [loss for _, loss in done.course.losses] == [2.0, 1.9, 1.8, 1.7]
        assert await asyncio.to_thread(gone, given(log)[0]["pid"])


async def test_it_is_cancelled_within_seconds(redis: RedisServer, start_station: StartStation, tmp_path: Path) -> None:
    log, mark = tmp_path / "log", tmp_path / "mark"
    start_station("gpu", LEASE, trainer(log, "--do", "hang", "--once", str(mark)))
    async with school(tmp_path / "data", through=redis.url()) as taught:
        await taught.retrainer.start(BOSS)
        await taught.until("tuning")
        assert (await taught.retrainer.cancel(BOSS)).stand is Stand.CANCELLED
        async with asyncio.timeout(5):
            while taught.files() or not gone(given(log)[0]["pid"]):
                await asyncio.sleep(0.05)
        assert (await taught.retrained()).stand is Stand.PROMOTED, "and the next one can begin"


async def test_a_killed_bot_begins_anew_and_its_old_training_ends_by_itself(
    redis: RedisServer, start_station: StartStation, tmp_path: Path
) -> None:
    data, log, mark = tmp_path / "data", tmp_path / "log", tmp_path / "mark"
    start_station("gpu", LEASE, trainer(log, "--do", "hang", "--once", str(mark)))
    command = [sys.executable, "-m", "tests.bot.pupil", str(data), redis.url()]
    bot = subprocess.Popen(command, cwd=ROOT)
    try:
        await until(mark.exists)
    finally:
        bot.kill()
        bot.wait()
    async with school(data, through=redis.url(), lease=1.0) as taught:
        async with asyncio.timeout(30):
            while not (found := await taught.retrainer.retraining(1)).stand.final:
                await asyncio.sleep(0.05)
        assert (found.stand, found.attempts, found.message_id) == (Stand.PROMOTED, 2, "20"), found.error
        assert await stands(taught.store) == [Stand.PROMOTED]
        hung, _ = given(log)
        assert gone(hung["pid"])


async def test_a_candidate_that_was_damaged_on_the_way_is_sent_again(
    redis: RedisServer, start_station: StartStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, damaged = Files.get, 0

    async def get(files: Files, sha256: str) -> bytes | None:
        nonlocal damaged
        data = await whole(files, sha256)
        damaged += data is not None
        return data and (data[:-1] if damaged == 1 else data)

    monkeypatch.setattr(Files, "get", get)
    start_station("gpu", LEASE, trainer(tmp_path / "log"))
    async with school(tmp_path / "data", through=redis.url()) as taught:
        assert (await taught.retrained()).stand is Stand.PROMOTED
        assert damaged == 2
        assert len(given(tmp_path / "log")) == 1


async def test_a_redis_that_is_killed_meanwhile_and_has_forgotten_everything(
    redis: RedisServer, start_station: StartStation, tmp_path: Path
) -> None:
    log, go = tmp_path / "log", tmp_path / "go"
    start_station("gpu", LEASE, trainer(log, "--do", "wait", "--once", str(go)))
    async with school(tmp_path / "data", through=redis.url()) as taught:
        changes = taught.retrainer.changes()
        begun = await taught.retrainer.start(BOSS)
        await taught.until("tuning")
        redis.kill()
        await asyncio.sleep(1.2 * LEASE)
        redis.forget()
        redis.start()
        go.touch()
        async with asyncio.timeout(30):
            done = await taught.retrainer.finished(begun.id, changes)
        assert done.stand is Stand.PROMOTED, done.error
        assert (len(given(log)), taught.given()) == (1, []), "it went on meanwhile"


async def test_where_no_worker_trains_the_bot_does_it_and_says_so(
    redis: RedisServer,
    start_station: StartStation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(remote_trainer, "NOBODY", 0.5)
    log = tmp_path / "log"
    await start_station("home", LEASE, trainer(log), trains="false").ready()
    async with school(tmp_path / "data", through=redis.url()) as taught:
        assert (await taught.retrained()).stand is Stand.PROMOTED
        assert (len(taught.given()), given(log)) == (1, [])
    assert "no worker trains just now: the bot trains beside itself" in caplog.text


# ---- without a trainer


async def test_a_worker_of_an_older_release_says_nothing_of_training_and_counts_as_none(redis: RedisServer) -> None:
    broker = Broker(redis.url())
    said = {"name": "old", "protocol": 1, "device": "NVIDIA", "slots": 8, "free": 8, "held": [], "versions": []}
    await broker.beat("c", Health("old"))
    raw = json.loads(await broker._redis.hget("tunesmith:workers", "c"))
    await broker._redis.hset("tunesmith:workers", "c", json.dumps({**raw, "health": json.dumps(said)}))
    (old,) = (await broker.workers()).values()
    assert (old.on_gpu, old.trains) == (True, False)
    await broker.close()


async def test_two_workers_never_have_one_training(redis: RedisServer) -> None:
    brokers = [Broker(redis.url()) for _ in range(5)]
    one = brokers[0].trainings
    await one.offer("bot.1", "text")
    takes = [each.trainings.take("bot.1", f"w{n}", f"worker {n}", 0.5) for n, each in enumerate(brokers)]
    taken = await asyncio.gather(*takes)
    (holder,) = [f"w{n}" for n, text in enumerate(taken) if text]
    others = {f"w{n}" for n in range(5)} - {holder}
    assert not any([await one.keep("bot.1", other, 0.5) for other in others])
    await asyncio.sleep(0.6)
    (heir, *_) = others
    assert await one.take("bot.1", heir, "heir", 0.5) == "text"
    assert not await one.keep("bot.1", holder, 0.5)
    assert not await one.finish("bot.1", holder, {"error": "late", "input": False})
    assert await one.finish("bot.1", heir, {"report": "r", "sha256": ""})
    assert not await one.finish("bot.1", heir, {"error": "again", "input": False})
    standing = await one.offer("bot.1", "text")
    assert (standing.outcome, standing.taken, standing.worker) == ({"report": "r", "sha256": ""}, 2, "heir")
    await one.forget("bot.1")
    assert not await one.keep("bot.1", heir, 0.5)
    await asyncio.gather(*(each.close() for each in brokers))


async def test_a_training_that_three_workers_went_down_with_is_given_up(redis: RedisServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    broker = Broker(redis.url())
    await broker.beat("c", Health("gpu", device="NVIDIA H100", trains=True))
    async with school(tmp_path / "data", through=redis.url()) as taught:
        begun = await taught.retrainer.start(BOSS)
        for n in range(4):
            async with asyncio.timeout(10):
                while not (names := await broker.trainings.names()):
                    await asyncio.sleep(0.02)
            while not await broker.trainings.take(names[0], f"w{n}", "gpu", 0.1):
                await asyncio.sleep(0.02)
        changes = taught.retrainer.changes()
        if not (done := await taught.retrainer.retraining(begun.id)).stand.final:
            async with asyncio.timeout(10):
                done = await taught.retrainer.finished(begun.id, changes)
        assert (done.stand, done.error) == (Stand.FAILED, "3 workers went down while this was under way")
    await broker.close()


async def test_a_worker_without_a_gpu_leaves_it_to_one_that_has(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_station, "EVERY", 0.05)
    broker = Broker(redis.url())
    me, gpu = Health("cpu", device="CPU, 2 threads", trains=True), Health("gpu", device="NVIDIA H100", trains=True)
    assert not TrainingStation(broker, Cache(tmp_path, broker.files), tmp_path).willing(me)
    mine = TrainingStation(broker, Cache(tmp_path, broker.files), tmp_path, anywhere=True)
    assert mine.willing(me)
    beside = [gpu]
    task = asyncio.create_task(mine.run(lambda: me, lambda: beside))
    await broker.trainings.offer("bot.1", "{}")
    await asyncio.sleep(0.3)
    assert (await broker.trainings.offer("bot.1", "{}")).taken == 0
    beside.clear()
    async with asyncio.timeout(5):
        while not (await broker.trainings.offer("bot.1", "{}")).taken:
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await broker.close()


async def test_a_worker_gives_a_training_up_once_nobody_has_wanted_it_for_a_while(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_station, "UNWANTED", 0.3)
    broker = Broker(redis.url())
    kept = training_station._Kept(broker, "bot.1", "w", 1.0)
    assert await kept.still(), "Redis may have forgotten it, and the bot not found that yet"
    await broker.trainings.offer("bot.1", "text")
    assert await kept.still()
    await broker.trainings.forget("bot.1")
    assert await kept.still()
    await asyncio.sleep(0.4)
    assert not await kept.still()
    await broker.close()


class Tries:
    """Workers that answer a job as they are told."""

    restarts, trouble = 0, ""

    def __init__(self, **said: Any) -> None:
        self.said, self.jobs = said, list[Job]()

    def workers(self) -> list[Health]:
        return []

    async def compose(self, job: Job) -> Event:
        self.jobs.append(job)
        return Event(job.id, **self.said)


async def test_a_candidate_that_no_worker_can_use_is_refused(tmp_path: Path) -> None:
    candidate = tmp_path / "candidate.safetensors"
    candidate.write_bytes(b"weights")
    note = "version 0 cannot be used: it holds weights that are not finite numbers"
    for said in ({"state": "done", "note": note}, {"state": "failed", "error": note.partition(": ")[2]}):
        with pytest.raises(TrainerError, match="the candidate cannot be used: it holds weights that are not finite"):
            await RemoteTrainer("redis://nowhere", Trainer(), Tries(**said)).prove(candidate)
    workers = Tries(state="done")
    await RemoteTrainer("redis://nowhere", Trainer(), workers).prove(candidate)
    (job,) = workers.jobs
    assert (job.checkpoint, job.sha256) == (str(candidate), hashlib.sha256(b"weights").hexdigest())
