"""Jobs in Redis: one outcome and one claim each, and healths of any release."""

import asyncio
import json

from bot.workers.cluster.jobs import Broker, BrokerTimings
from bot.workers.cluster.messages import Notice
from bot.workers.health import Health
from tests.engines.redis_server import RedisServer
from tests.waiting import until


async def test_only_the_first_outcome_counts_and_only_one_claim(redis: RedisServer) -> None:
    brokers = [Broker(redis.url()) for _ in range(4)]
    one = brokers[0]
    await one.offer([("bot.1", "v", "text")])
    await one.versions()
    (entry,) = await one.claim("dead", ["v"], 8)
    early = await asyncio.gather(*(each.take_over(f"c{n}", entry, 60.0) for n, each in enumerate(brokers)))
    assert early == [None] * 4, "its worker may be alive"
    await until(lambda: one.pending("v", 0.05, 9))
    claims = await asyncio.gather(*(each.take_over(f"c{n}", entry, 0.05) for n, each in enumerate(brokers)))
    (claimed,) = [claim for claim in claims if claim]
    assert (claimed.text, claimed.deliveries) == ("text", 2)
    assert sum(await asyncio.gather(*(each.finish(entry, f"o{n}") for n, each in enumerate(brokers)))) == 1
    outcomes = await one.offer([("bot.1", "v", "text")])
    assert outcomes["bot.1"].startswith(b"o")
    assert await one.pending("v", 0.0, 9) == []
    await asyncio.gather(*(each.close() for each in brokers))


async def test_a_released_job_can_be_claimed_again_and_one_taken_back_cannot(redis: RedisServer) -> None:
    broker = Broker(redis.url())
    await broker.offer([("bot.1", "v", "text"), ("bot.2", "v", "text")])
    await broker.versions()
    first, second = await broker.claim("one", ["v"], 8)
    await broker.release(first)
    await broker.release(second)
    await broker.forget(["bot.2"])
    assert [entry.id for entry in await broker.claim("two", ["v"], 8)] == ["bot.1"]
    assert await broker.wanted(["bot.1", "bot.2"]) == {"bot.1"}
    assert not await broker.finish(second, "outcome")
    await broker.close()


async def test_the_bot_is_notified_who_has_a_job_and_of_its_outcome(redis: RedisServer) -> None:
    broker = Broker(redis.url(), timings=BrokerTimings(read=0.05))
    assert await broker.next_message("bot") is None
    await broker.offer([("bot.1", "v", "text")])
    await broker.versions()
    (entry,) = await broker.claim("one", ["v"], 8)
    await broker.notify(entry, "gpu")
    await broker.finish(entry, "outcome")
    assert await broker.next_message("bot") == Notice("bot.1", worker="gpu")
    assert await broker.next_message("bot") == Notice("bot.1", outcome="outcome")
    await broker.close()


async def test_the_longest_wait_is_that_of_the_oldest_unclaimed_job(redis: RedisServer) -> None:
    broker = Broker(redis.url())
    await broker.versions(["v"])
    assert await broker.longest_wait("v") == 0
    await broker.offer([("bot.1", "v", "text")])

    async def waited() -> bool:
        return await broker.longest_wait("v") > 0.02

    await until(waited)
    await broker.claim("one", ["v"], 8)
    assert await broker.longest_wait("v") == 0
    await broker.close()


async def test_a_silent_worker_is_listed_for_a_while(redis: RedisServer) -> None:
    broker = Broker(redis.url(), timings=BrokerTimings(worker_expires=0.1))
    await broker.send_heartbeat("c", Health("gpu"))
    assert [health.name for health in (await broker.workers()).values()] == ["gpu"]

    async def gone() -> bool:
        return not await broker.workers()

    await until(gone)
    await broker.close()


async def test_the_newest_protocol_of_all_bots_counts(redis: RedisServer) -> None:
    old, new = Broker(redis.url(), 1), Broker(redis.url(), 2)
    assert await old.send_heartbeat("c", Health("gpu")) is None
    await new.announce()
    await old.announce()
    assert await old.send_heartbeat("c", Health("gpu")) == 2
    await asyncio.gather(old.close(), new.close())


async def test_the_health_of_an_older_release_is_read(redis: RedisServer) -> None:
    broker = Broker(redis.url())
    published = {"name": "old", "protocol": 1, "device": "NVIDIA", "slots": 8, "free": 8, "held": [], "versions": []}
    await broker.send_heartbeat("c", Health("old"))
    raw = json.loads(await broker._redis.hget("tunesmith:workers", "c"))
    await broker._redis.hset("tunesmith:workers", "c", json.dumps({**raw, "health": json.dumps(published)}))
    (old,) = (await broker.workers()).values()
    assert (old.on_gpu, old.trains) == (True, False)
    await broker.close()
