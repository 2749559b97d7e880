"""A worker agent: it claims as much as it has room for, prefers its versions, and leaves nothing behind."""

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

from bot.workers.agent.agent import Vitals
from bot.workers.cluster.jobs import Broker
from bot.workers.health import PROTOCOL, Health
from model.worker.protocol import Event, Job
from tests.bot.workers.conftest import LEASE, RunAgent, cluster
from tests.bot.workers.jobs import job, outcomes
from tests.engines.redis_server import RedisServer
from tests.waiting import until


def versioned(name: str, path: Path, does: str = "", version: int = 2) -> Job:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(job(name, does), checkpoint=str(path), sha256=sha256, version=version)


def test_vitals_are_those_of_the_last_heartbeat() -> None:
    vitals = Vitals()
    for event in (Event("", "alive", memory=321, device="NVIDIA H100"), Event("", "batch", memory=1, device="other")):
        vitals.on_event(event)
    assert vitals == Vitals("NVIDIA H100", 321)


async def test_it_claims_no_more_than_it_has_room_for(redis: RedisServer, run_agent: RunAgent) -> None:
    broker = Broker(redis.url())
    async with cluster(redis) as bot, run_agent(slots=3) as agent:
        work = [asyncio.create_task(bot.compose(job(f"{n}", "quiet"))) for n in range(9)]
        await until(lambda: len(agent._running) == 3)
        await until(lambda: [(health.slots, health.free) for health in bot.workers()] == [(3, 0)])
        async with run_agent(name="another") as another:  # which has room for the other six
            await until(lambda: len(another._running) == 6)
            assert len(agent._running) == 3
            assert {consumer for consumer, _ in await broker.pending("", 0.0, 99)} == {
                agent._consumer,
                another._consumer,
            }
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
    await broker.close()


async def test_it_publishes_its_health_until_it_leaves(redis: RedisServer, run_agent: RunAgent) -> None:
    async with cluster(redis) as bot:
        async with run_agent(name="home", slots=5) as agent:
            agent.vitals.on_event(Event("", "alive", memory=321, device="NVIDIA H100"))
            await until(lambda: any(health.device for health in bot.workers()))
            (health,) = bot.workers()
            assert health == Health("home", PROTOCOL, "NVIDIA H100", 5, 5, (), (), 321)
            assert 0 <= health.seen < LEASE
        await until(lambda: bot.workers() == [])


async def test_a_worker_that_is_stopped_releases_its_jobs_at_once(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        async with run_agent(lease=600.0):
            work = asyncio.create_task(bot.compose(job("a", f"quiet once {mark}")))
            await until(mark.exists)
        async with run_agent(name="next", lease=600.0):
            assert await outcomes(work) == ["done"]


async def test_jobs_go_to_workers_with_their_version_until_those_are_full(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"weights")
    sha256 = versioned("a", mine).sha256
    soon = {"preference": 0.6}
    has_it = run_agent(name="has it", slots=3, own={sha256: mine}, timings=soon)
    has_it_not = run_agent(name="has it not", timings=soon)
    async with cluster(redis) as bot, has_it as holder, has_it_not as other:
        await until(lambda: len(other._peers) == 2 and sha256 in other._versions)
        await bot.compose(versioned("first", mine))
        assert await outcomes(*(bot.compose(versioned(f"{n}", mine)) for n in range(20))) == ["done"] * 20
        assert other.cache.held() == set()
        work = [asyncio.create_task(bot.compose(versioned(f"{n}", mine, "quiet"))) for n in range(4)]
        await until(lambda: len(holder._running) == 3 and len(other._running) == 1)
        await until(lambda: other.cache.held() == {sha256})
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def test_a_job_that_every_worker_dies_of_is_given_up(redis: RedisServer, run_agent: RunAgent) -> None:
    broker = Broker(redis.url())
    async with cluster(redis) as bot:
        work = asyncio.create_task(bot.compose(job("a")))
        await until(broker.versions)
        assert len(await broker.claim("one that died", [""], 8)) == 1
        async with run_agent(lease=0.2, attempts=1):
            event = await work
        assert (event.state, event.error) == ("failed", "the composer broke down on this prompt: try another seed")
    await broker.close()


async def test_a_job_that_was_claimed_without_our_knowing_is_claimed_again(
    redis: RedisServer, run_agent: RunAgent
) -> None:
    broker = Broker(redis.url())
    async with cluster(redis) as bot:
        work = asyncio.create_task(bot.compose(job("a")))
        await until(broker.versions)
        assert len(await broker.claim("ours", [""], 8)) == 1
        async with run_agent(_consumer="ours", timings={"lost_claim": 0.2}, lease=600.0):
            assert await outcomes(work) == ["done"]
    await broker.close()
