"""Workers on other machines: whatever happens to them, to Redis or to the network, each job has one outcome."""

import asyncio
import signal
from pathlib import Path

import pytest

from bot.core.errors import ConfigError, WorkerError
from bot.workers.cluster.client import Cluster
from bot.workers.cluster.jobs import BrokerTimings
from tests.bot.workers.conftest import LEASE, RunAgent, cluster
from tests.bot.workers.jobs import job, outcomes
from tests.engines import redis_server
from tests.engines.proxy import proxy
from tests.engines.redis_server import RedisServer
from tests.engines.worker_processes import StartAgent
from tests.waiting import until

NO_WORKER = "no composer is there just now: your tune waits until one comes…"
UNAVAILABLE = "the way to the composers is blocked just now: your tune waits until it is free…"


def alive(bot: Cluster, *names: str) -> bool:
    """Whether these workers gave a sign of life within the lease."""
    return set(names) <= {health.name for health in bot.workers() if health.seen < LEASE}


async def test_each_job_is_answered_with_its_own_tune(redis: RedisServer, run_agent: RunAgent) -> None:
    async with cluster(redis) as bot, run_agent(slots=3):
        events = await asyncio.gather(*(bot.compose(job("j" * n)) for n in range(1, 41)))
        assert [(event.state, event.title) for event in events] == [("done", f"Seed {n}") for n in range(1, 41)]
        assert [event.id for event in events] == ["j" * n for n in range(1, 41)]


async def test_a_failure_of_the_worker_comes_back_as_an_event(redis: RedisServer, run_agent: RunAgent) -> None:
    async with cluster(redis) as bot, run_agent():
        event = await bot.compose(job("a", "refuse"))
        assert (event.state, event.fault, event.error) == ("failed", "input", "bar 1 of the opening is wrong")
        late = await bot.compose(job("b", "quiet", deadline=0.2))
        assert (late.state, late.error) == ("failed", "composing took too long: please try again")


async def test_the_jobs_of_a_killed_worker_are_taken_over(
    redis: RedisServer, run_agent: RunAgent, start_agent: StartAgent, tmp_path: Path
) -> None:
    marks = [tmp_path / str(n) for n in range(4)]
    async with cluster(redis) as bot:
        first = start_agent("first", LEASE)
        work = [asyncio.create_task(bot.compose(job(mark.name, f"quiet once {mark}"))) for mark in marks]
        await until(lambda: all(mark.exists() for mark in marks))
        async with run_agent(name="second"):
            await until(lambda: alive(bot, "second"))
            first.kill()
            assert await outcomes(*work) == ["done"] * 4
            assert bot.workers()[0].name == "second"


async def test_two_workers_that_have_one_job_give_one_outcome(
    redis: RedisServer, run_agent: RunAgent, start_agent: StartAgent, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        stopped = start_agent("stopped", LEASE, "--", "--sleep", "0.5")
        await stopped.ready()
        work = asyncio.create_task(bot.compose(job("a", f"sleep once {mark}")))
        await until(mark.exists)
        stopped.process.send_signal(signal.SIGSTOP)  # it composes on, and cannot publish the outcome
        async with run_agent(name="other"):
            assert await outcomes(work) == ["done"]
            stopped.process.send_signal(signal.SIGCONT)
            await until(lambda: alive(bot, "stopped"))
            assert await outcomes(bot.compose(job("b")), bot.compose(job("c"))) == ["done", "done"]
        assert stopped.process.poll() is None


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_worker_whose_clock_is_an_hour_off_works_like_any_other(
    redis: RedisServer, run_agent: RunAgent, start_agent: StartAgent, tmp_path: Path, hours: int
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        wrong = start_agent("wrong", LEASE, "--clock", str(3600 * hours))
        work = asyncio.create_task(bot.compose(job("a", f"quiet once {mark}")))
        await until(mark.exists)
        async with run_agent(name="right") as right:
            looks = 0

            async def beyond_the_lease() -> bool:
                nonlocal looks
                looks += any(entry for _, entry in await right.broker.pending("", LEASE, 9))
                return looks > 20

            await until(beyond_the_lease)  # and nobody has taken it over
            assert alive(bot, "wrong", "right")
            assert not work.done(), "its job is its own as long as it lives"
            wrong.kill()
            assert await outcomes(work) == ["done"]


async def test_a_worker_of_another_release_is_refused_in_one_line(
    redis: RedisServer, run_agent: RunAgent, start_agent: StartAgent, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster(redis) as bot:
        old = start_agent("old", LEASE, "--protocol", "0")
        assert await old.ended() == 1
        log = old.log.read_text()
        assert "error: this worker speaks protocol 0, the bot 1: install the bot's release of Tunesmith here" in log
        assert "Traceback" not in log
        assert bot.outage == NO_WORKER, "it gets no jobs"
        async with run_agent(name="new"):
            assert await outcomes(bot.compose(job("a"))) == ["done"]
    assert caplog.text.count("worker old is of another release") <= 1


@pytest.mark.parametrize("forgets", [False, True], ids=["and remembers", "and forgets"])
async def test_a_redis_that_is_killed_in_mid_job_and_restarted(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path, caplog: pytest.LogCaptureFixture, forgets: bool
) -> None:
    marks = [tmp_path / f"mark{n}" for n in range(3)]
    async with cluster(redis) as bot, run_agent("--sleep", "1", slots=4) as agent:
        work = [asyncio.create_task(bot.compose(job(mark.name, f"sleep once {mark}"))) for mark in marks]
        await until(lambda: any(mark.exists() for mark in marks) and len(agent._running) == 3)
        redis.kill()
        await until(lambda: bot.outage == UNAVAILABLE)
        new = asyncio.create_task(bot.compose(job("asked meanwhile")))
        await until(lambda: not agent._connection.available)
        if forgets:
            redis.forget()
        redis.start()
        assert await outcomes(*work, new) == ["done"] * 4
        await until(lambda: not bot.outage)
    lines = [record.getMessage() for record in caplog.records if "Redis at" in record.getMessage()]
    assert len(lines) == 4, "each of the two logs once that it is unavailable, and once that it is available"
    assert redis_server.PASSWORD not in caplog.text
    assert redis_server.QUOTED not in caplog.text


async def test_a_network_that_stalls_costs_nothing_but_time(redis: RedisServer, run_agent: RunAgent) -> None:
    """The times of the product divided by five."""
    timings = BrokerTimings(timeout=1.2)
    async with proxy(redis.port) as way:
        url = redis.url(way.port)
        agent_ = run_agent("--sleep", "0.3", slots=2, lease=3.0, url=url, broker={"timings": timings})
        async with cluster(redis, url=url, timings=timings) as bot, agent_ as agent:
            work = [asyncio.create_task(bot.compose(job(f"{n}", "sleep"))) for n in range(6)]
            await until(lambda: len(agent._running) == 2)
            way.open.clear()
            await until(lambda: bot.outage == UNAVAILABLE)
            way.open.set()
            assert await outcomes(*work) == ["done"] * 6
            assert bot.restarts == 0
            await until(lambda: not bot.outage)


async def test_a_cancelled_job_is_taken_back_from_its_worker(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    lines = tmp_path / "lines"
    async with cluster(redis) as bot, run_agent("--log", str(lines)) as agent:
        work = asyncio.create_task(bot.compose(job("a", "quiet")))
        await until(lambda: lines.exists() and '"quiet"' in lines.read_text())
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await until(lambda: '{"cancel": ' in lines.read_text() and not agent._running)
        assert await outcomes(bot.compose(job("b"))) == ["done"]


async def test_without_a_worker_jobs_wait_for_one(redis: RedisServer, run_agent: RunAgent) -> None:
    async with cluster(redis) as bot:
        assert bot.outage == NO_WORKER
        work = asyncio.create_task(bot.compose(job("a")))
        await until(lambda: bot._pending)
        assert not work.done()
        async with run_agent():
            assert await outcomes(work) == ["done"]
            await until(lambda: not bot.outage)


async def test_closing_fails_what_is_open(redis: RedisServer) -> None:
    async with cluster(redis) as bot:
        work = asyncio.create_task(bot.compose(job("a")))
        await until(lambda: bot._pending)
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await work
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await bot.compose(job("b"))


@pytest.mark.parametrize("takes", ["password", "no password"])
async def test_what_redis_refuses_is_one_line_that_shows_no_password(
    redis: RedisServer, takes: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = redis.url().replace(redis_server.QUOTED, "wrong-secret")
    if takes == "no password":
        url = url.replace(":wrong-secret@", "")
    with pytest.raises(
        ConfigError, match=r"Redis at 127\.0\.0\.1:\d+ refuses the bot .*see \[workers\] broker"
    ) as caught:
        async with Cluster(url):
            raise AssertionError("it must not start")
    assert "\n" not in str(caught.value)
    assert "wrong-secret" not in f"{caught.value} {caplog.text} {Cluster(url)!r}"


@pytest.mark.parametrize(
    "url", ["redis://:sec/ret@host/0", "redis://:secret@host:port/0", "redis://:secret@host/0?db=x"]
)
def test_a_url_that_cannot_be_read_is_one_line_that_shows_no_password(url: str) -> None:
    redis_server.skip_where_missing()
    with pytest.raises(ConfigError, match="write the broker as redis://") as caught:
        Cluster(url)
    assert "sec" not in str(caught.value).replace("special", "")
