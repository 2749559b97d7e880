# ruff: noqa: ASYNC110 (what is waited for happens in Redis)
"""What of retraining on a worker needs no trainer: who has a training, who may, and whether a candidate can be used."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import TrainerError
from bot.core.retraining import RetrainingStatus
from bot.workers.agent import training as training_station
from bot.workers.agent.checkpoint_cache import Cache
from bot.workers.agent.training import TrainingAgent
from bot.workers.cluster import trainer_client
from bot.workers.cluster.jobs import Broker
from bot.workers.cluster.trainer_client import RemoteTrainer
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from model.worker.protocol import Event, Job
from tests.bot.retraining.retrainers import BOSS, running_retrainer
from tests.engines.redis_server import RedisServer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_client, "EVERY", 0.1)


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
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        begun = await running.retrainer.start(BOSS)
        for n in range(4):
            async with asyncio.timeout(10):
                while not (names := await broker.trainings.names()):
                    await asyncio.sleep(0.02)
            while not await broker.trainings.take(names[0], f"w{n}", "gpu", 0.1):
                await asyncio.sleep(0.02)
        updates = running.retrainer.subscribe()
        if not (done := await running.retrainer.retraining(begun.id)).status.final:
            async with asyncio.timeout(10):
                done = await running.retrainer.finished(begun.id, updates)
        assert (done.status, done.error) == (RetrainingStatus.FAILED, "3 workers went down while this was under way")
    await broker.close()


async def test_a_worker_without_a_gpu_leaves_it_to_one_that_has(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_station, "EVERY", 0.05)
    broker = Broker(redis.url())
    me, gpu = Health("cpu", device="CPU, 2 threads", trains=True), Health("gpu", device="NVIDIA H100", trains=True)
    assert not TrainingAgent(broker, Cache(tmp_path, broker.files), tmp_path).willing(me)
    mine = TrainingAgent(broker, Cache(tmp_path, broker.files), tmp_path, anywhere=True)
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

    restarts, outage = 0, ""

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
