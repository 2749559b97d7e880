"""A worker that takes trainings: which ones, for how long, and when it leaves them to others."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bot.workers.agent.checkpoint_cache import CheckpointCache
from bot.workers.agent.timings import AgentTimings
from bot.workers.agent.training import TrainingAgent, _Claim
from bot.workers.cluster.jobs import Broker
from bot.workers.cluster.messages import TrainingOutcome
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from model.retraining.protocol import Step
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER
from tests.engines.redis_server import RedisServer
from tests.waiting import until

CPU = Health("cpu", device="CPU, 2 threads", trains=True)
GPU = Health("gpu", device="NVIDIA H100", trains=True)
QUICK = AgentTimings(training_heartbeat=0.05, training_unwanted=0.2)


def training_agent(broker: Broker, folder: Path, *words: str, **options: Any) -> TrainingAgent:
    cache = CheckpointCache(folder / "fetched", broker.files)
    cache.load()
    trainer = Trainer((*STAND_IN_TRAINER, *words), nice=0)
    return TrainingAgent(broker, cache, folder, trainer=trainer, timings=QUICK, **options)


async def test_without_a_gpu_it_trains_only_where_it_may(redis: RedisServer, tmp_path: Path) -> None:
    broker = Broker(redis.url())
    assert training_agent(broker, tmp_path).accepts(GPU)
    assert not training_agent(broker, tmp_path).accepts(CPU)
    assert training_agent(broker, tmp_path, anywhere=True).accepts(CPU)
    await broker.close()


async def test_without_a_gpu_it_leaves_a_training_to_a_worker_that_has_one(redis: RedisServer, tmp_path: Path) -> None:
    broker = Broker(redis.url())
    agent, others, looks = training_agent(broker, tmp_path, anywhere=True), [GPU], 0

    def seen() -> list[Health]:
        nonlocal looks
        looks += 1
        return list(others)

    task = asyncio.create_task(agent.run(lambda: CPU, seen))
    await broker.trainings.offer("bot.1", "{}")
    await until(lambda: looks > 2)
    assert (await broker.trainings.offer("bot.1", "{}")).claims == 0
    others.clear()

    async def claimed() -> bool:
        return bool((await broker.trainings.offer("bot.1", "{}")).claims)

    await until(claimed)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await broker.close()


async def test_a_training_is_given_up_once_nobody_has_wanted_it_for_a_while(redis: RedisServer) -> None:
    broker = Broker(redis.url())
    claim = _Claim(broker, "bot.1", "w", lease=1.0, unwanted_after=0.2)
    assert await claim.renew(), "Redis may have forgotten it, and the bot not noticed yet"
    await broker.trainings.offer("bot.1", "text")
    assert await claim.renew()
    await broker.trainings.forget("bot.1")
    assert await claim.renew()

    async def given_up() -> bool:
        return not await claim.renew()

    await until(given_up)
    await broker.close()


async def test_each_step_is_reported_once(redis: RedisServer) -> None:
    broker = Broker(redis.url())
    await broker.trainings.offer("bot.1", "text")
    claim = _Claim(broker, "bot.1", "w", lease=9.0, unwanted_after=9.0, steps=[Step("tuning", 1, 9, 2.0)])
    await asyncio.gather(claim.renew(), claim.renew())
    assert (await broker.trainings.offer("bot.1", "text")).steps == (Step("tuning", 1, 9, 2.0),)
    assert (await broker.trainings.offer("bot.1", "text")).steps == ()
    await broker.close()


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        (("--do", "input"), {"error": "3 voted tunes are too few to hold any out", "input": True}),
        (("--do", "fail"), {"error": "cannot write the candidate: No space left on device", "input": False}),
    ],
)
async def test_a_failure_is_the_outcome(
    redis: RedisServer, tmp_path: Path, words: tuple[str, ...], outcome: dict[str, Any]
) -> None:
    broker = Broker(redis.url())
    agent = training_agent(broker, tmp_path, *words, anywhere=True)
    votes = b'{"id": 1}\n'
    sha256 = hashlib.sha256(votes).hexdigest()
    await broker.files.upload(sha256, votes)
    agent.cache.own["b" * 64] = tmp_path / "base"
    inputs = {"base": "b" * 64, "baseline": "", "votes": sha256, "seed": 7, "deadline": 60.0, "silence": 60.0}
    task = asyncio.create_task(agent.run(lambda: CPU, list))
    text = json.dumps(inputs)

    async def ended() -> bool:
        return (await broker.trainings.offer("bot.1", text)).outcome == TrainingOutcome(**outcome)

    await until(ended)
    await broker.trainings.forget("bot.1")
    await until(lambda: not any((tmp_path / "training").iterdir()))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await broker.close()
