"""Trainings in Redis: one worker at a time has one, and it has one outcome."""

import asyncio

from bot.workers.cluster.jobs import Broker
from bot.workers.cluster.messages import TrainingOutcome
from tests.engines.redis_server import RedisServer
from tests.waiting import until


async def test_two_workers_never_have_one_training(redis: RedisServer) -> None:
    brokers = [Broker(redis.url()) for _ in range(5)]
    one = brokers[0].trainings
    await one.offer("bot.1", "text")
    attempts = [each.trainings.claim("bot.1", f"w{n}", f"worker {n}", 0.5) for n, each in enumerate(brokers)]
    claims = await asyncio.gather(*attempts)
    (holder,) = [f"w{n}" for n, text in enumerate(claims) if text]
    others = {f"w{n}" for n in range(5)} - {holder}
    assert not any([await one.renew("bot.1", other, 0.5) for other in others])
    (heir, *_) = others
    await until(lambda: one.claim("bot.1", heir, "heir", 0.5))  # once the holder's lease has run out
    assert not await one.renew("bot.1", holder, 0.5)
    assert not await one.finish("bot.1", holder, {"error": "late", "input": False})
    assert await one.finish("bot.1", heir, {"report": "r", "sha256": ""})
    assert not await one.finish("bot.1", heir, {"error": "again", "input": False})
    state = await one.offer("bot.1", "text")
    assert (state.outcome, state.claims, state.worker) == (TrainingOutcome(report="r"), 2, "heir")
    await one.forget("bot.1")
    assert not await one.renew("bot.1", heir, 0.5)
    await asyncio.gather(*(each.close() for each in brokers))


async def test_a_released_training_counts_as_not_claimed(redis: RedisServer) -> None:
    broker = Broker(redis.url())
    await broker.trainings.offer("bot.1", "text")
    assert await broker.trainings.claim("bot.1", "one", "one", 60.0) == "text"
    assert (await broker.trainings.offer("bot.1", "text")).claims == 1
    await broker.trainings.release("bot.1", "one")
    state = await broker.trainings.offer("bot.1", "text")
    assert (state.claims, state.held) == (0, False)
    assert await broker.trainings.claim("bot.1", "two", "two", 60.0, after=60.0) is None, "it has not waited that long"
    assert await broker.trainings.claim("bot.1", "two", "two", 60.0) == "text"
    await broker.close()
