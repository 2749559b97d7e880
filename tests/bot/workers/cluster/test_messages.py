"""Messages from Redis that nobody of ours wrote: each is logged once and left out, and the others go on."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.core.errors import WorkerError
from bot.workers.cluster import messages
from bot.workers.cluster.messages import Inbox
from tests.bot.workers.conftest import RunAgent, cluster
from tests.bot.workers.jobs import job, outcomes
from tests.engines.redis_server import RedisServer
from tests.waiting import until

HOSTILE = (b"", b"\xff\xfe", b"null", b"[]", b"{}", b"{", b'"x"', b"1e999", b"[" * 100_000, b"x" * 2_000_000)


@asynccontextmanager
async def client(redis: RedisServer) -> AsyncIterator[Any]:
    from redis.asyncio import Redis

    opened = Redis.from_url(redis.url(), protocol=2)
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    "parse", [messages.event, messages.notice, messages.step, lambda data: messages.health(data, 0)]
)
def test_no_bytes_raise_and_each_is_logged_once(parse: Any, caplog: pytest.LogCaptureFixture) -> None:
    inbox = Inbox()
    for data in HOSTILE * 2:
        if data != b"{}" or parse is not messages.step:  # a step may leave out everything
            assert inbox.read("something", data, parse) is None
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (inbox.rejected, len(logged)) in ((2 * len(HOSTILE), len(HOSTILE)), (2 * len(HOSTILE) - 2, len(HOSTILE) - 1))
    assert max(len(record.getMessage()) for record in logged) < 500


def test_an_outcome_has_known_fields_of_the_right_types_alone() -> None:
    good = {"id": "a", "state": "done", "abc": "X:1"}
    assert messages.event(json.dumps(good).encode()).abc == "X:1"
    for wrong in ({"more": 1}, {"abc": 7}, {"tokens": "7"}, {"nearest": {"title": 1}}, {"state": "alive"}):
        with pytest.raises(ValueError, match=r".+"):
            messages.event(json.dumps({**good, **wrong}).encode())


async def test_a_bad_outcome_fails_its_own_job_and_the_others_go_on(redis: RedisServer, run_agent: RunAgent) -> None:
    async with cluster(redis) as bot, client(redis) as attacker:
        work = [asyncio.create_task(bot.compose(job(name))) for name in ("a", "b")]
        name = f"tunesmith:1:job:{bot._bot}.1"
        await until(lambda: attacker.exists(name))
        await attacker.hset(name, "outcome", json.dumps({"id": "x", "state": "done", "surprise": 1}))
        for garbage in HOSTILE[:9]:
            await attacker.rpush(f"tunesmith:1:bot:{bot._bot}", garbage)
        with pytest.raises(WorkerError, match="cannot be read"):
            await work[0]
        async with run_agent():
            assert await outcomes(work[1], asyncio.create_task(bot.compose(job("c")))) == ["done", "done"]
        assert bot.rejected >= 9


async def test_garbage_of_every_kind_stops_neither_bot_nor_worker(redis: RedisServer, run_agent: RunAgent) -> None:
    async with client(redis) as attacker:
        for number, garbage in enumerate(HOSTILE[:9]):
            await attacker.hset("tunesmith:workers", f"worker{number}", garbage)
            await attacker.sadd("tunesmith:1:versions", garbage)
            await attacker.sadd("tunesmith:1:wanted", garbage)
            await attacker.sadd("tunesmith:1:trainings", garbage)
        await attacker.xadd("tunesmith:1:jobs:", {"strange": b"\xff"})
        await attacker.hset("tunesmith:1:job:evil", "text", b"\xff{")
        await attacker.xadd("tunesmith:1:jobs:", {"id": "evil"})
        await attacker.set("tunesmith:protocol", "seven")
        async with cluster(redis) as bot, run_agent():
            assert await outcomes(*(asyncio.create_task(bot.compose(job(n))) for n in "abc")) == ["done"] * 3
            assert [health.name for health in bot.workers()] == ["here"]
        assert await attacker.hlen("tunesmith:workers") == 0


async def test_a_job_has_a_deadline_from_its_acceptance(redis: RedisServer) -> None:
    async with cluster(redis, patience=0.3) as bot:
        with pytest.raises(WorkerError, match="no composer had this done in time"):
            await bot.compose(job("a"))
        assert not bot._pending
