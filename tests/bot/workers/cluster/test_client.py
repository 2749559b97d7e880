"""Workers on other machines: whatever happens to them, to Redis or to the way there, each job has one outcome."""

import asyncio
import signal
from pathlib import Path

import pytest

from bot.core.errors import WorkerError
from bot.workers.agent import agent as stations
from bot.workers.cluster import jobs as brokers
from bot.workers.cluster.client import Cluster
from bot.workers.cluster.jobs import Broker
from bot.workers.health import PROTOCOL, Health
from model.worker.protocol import Event
from tests.bot.workers.conftest import LEASE, Run, cluster
from tests.bot.workers.local.test_worker import job, outcomes, until
from tests.engines import redis_server
from tests.engines.proxy import proxy
from tests.engines.redis_server import RedisServer
from tests.engines.worker_processes import StartAgent


async def heard_of(bot: Cluster, *names: str) -> None:
    await until(lambda: set(names) <= {health.name for health in bot.workers() if health.seen < LEASE})


async def test_jobs_are_answered_each_with_its_own_tune(redis: RedisServer, station: Run) -> None:
    async with cluster(redis) as bot, station(slots=3):
        events = await asyncio.gather(*(bot.compose(job("j" * n)) for n in range(1, 41)))
        assert [(event.state, event.title) for event in events] == [("done", f"Seed {n}") for n in range(1, 41)]
        assert [event.id for event in events] == ["j" * n for n in range(1, 41)]


async def test_a_failure_of_the_worker_comes_back_as_an_event(redis: RedisServer, station: Run) -> None:
    async with cluster(redis) as bot, station():
        event = await bot.compose(job("a", "refuse"))
        assert (event.state, event.fault, event.error) == ("failed", "input", "bar 1 of the opening is wrong")
        late = await bot.compose(job("b", "quiet", deadline=0.2))
        assert (late.state, late.error) == ("failed", "composing took too long: please try again")


async def test_workers_take_no_more_than_they_have_room_for(redis: RedisServer, station: Run) -> None:
    async with cluster(redis) as bot, station(slots=3) as one:
        work = [asyncio.create_task(bot.compose(job(f"{n}", "quiet"))) for n in range(9)]
        await until(lambda: len(one._working) == 3)
        await asyncio.sleep(0.3)
        assert len(one._working) == 3
        async with station(name="another"):
            await until(lambda: len(one._working) == 3 and one._peers and len(one._peers) == 2)
            await heard_of(bot, "here", "another")
            assert {health.name: (health.slots, health.free) for health in bot.workers()}["here"] == (3, 0)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


async def test_workers_say_who_they_are(redis: RedisServer, station: Run) -> None:
    async with cluster(redis) as bot, station(name="home", slots=5) as one:
        one.vitals.on_event(Event("", "alive", memory=321, device="NVIDIA H100"))
        await until(lambda: any(health.device for health in bot.workers()))
        (health,) = bot.workers()
        assert health == Health("home", PROTOCOL, "NVIDIA H100", 5, 5, (), (), 321)
        assert 0 <= health.seen < LEASE
    async with cluster(redis) as bot:
        assert bot.workers() == [], "one that left is not listed"


async def test_a_killed_worker_has_its_jobs_taken_over(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    marks = [tmp_path / str(n) for n in range(4)]
    async with cluster(redis) as bot:
        first = start_agent("first", LEASE)
        work = [asyncio.create_task(bot.compose(job(mark.name, f"quiet once {mark}"))) for mark in marks]
        await until(lambda: all(mark.exists() for mark in marks))
        second = start_agent("second", LEASE)
        await second.ready()
        first.kill()
        assert await outcomes(*work) == ["done"] * 4
        assert bot.workers()[0].name == "second"


async def test_a_worker_that_is_told_to_stop_gives_its_jobs_back_at_once(
    redis: RedisServer, station: Run, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        async with station(lease=600.0):
            work = asyncio.create_task(bot.compose(job("a", f"quiet once {mark}")))
            await until(mark.exists)
        async with station(name="next", lease=600.0):
            assert await outcomes(work) == ["done"]


async def test_two_workers_that_have_one_job_give_one_outcome(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        asleep = start_agent("asleep", LEASE, "--", "--sleep", "0.5")
        await asleep.ready()
        work = asyncio.create_task(bot.compose(job("a", f"sleep once {mark}")))
        await until(mark.exists)
        asleep.process.send_signal(signal.SIGSTOP)  # it composes on, and cannot say so
        awake = start_agent("awake", LEASE)
        assert await outcomes(work) == ["done"]
        asleep.process.send_signal(signal.SIGCONT)
        assert await outcomes(bot.compose(job("b")), bot.compose(job("c"))) == ["done", "done"]
        assert awake.process.poll() is asleep.process.poll() is None


async def test_only_the_first_outcome_counts_and_only_one_claim(redis: RedisServer) -> None:
    brokers_ = [Broker(redis.url()) for _ in range(4)]
    one = brokers_[0]
    await one.offer([("bot.1", "v", "text")])
    await one.versions()
    (entry,) = await one.take("dead", ["v"], 8)
    claims = await asyncio.gather(
        *(each.claim(f"c{n}", entry, 0.0 if n == 9 else 0.05) for n, each in enumerate(brokers_))
    )
    assert claims.count(None) == len(claims), "it was given to one that may live"
    await asyncio.sleep(0.06)
    claims = await asyncio.gather(*(each.claim(f"c{n}", entry, 0.05) for n, each in enumerate(brokers_)))
    (claimed,) = [claim for claim in claims if claim]
    assert (claimed.text, claimed.deliveries) == ("text", 2)
    assert sum(await asyncio.gather(*(each.finish(entry, f"o{n}") for n, each in enumerate(brokers_)))) == 1
    outcomes_ = await one.offer([("bot.1", "v", "text")])
    assert outcomes_["bot.1"].startswith("o")
    assert await one.held_by_others("v", 0.0, 9) == []
    await asyncio.gather(*(each.close() for each in brokers_))


async def test_a_job_that_every_worker_breaks_down_on_is_given_up(
    redis: RedisServer, station: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stations, "ATTEMPTS", 1)
    broker = Broker(redis.url())
    async with cluster(redis) as bot:
        work = asyncio.create_task(bot.compose(job("a")))
        await until(lambda: bot._pending)
        await asyncio.sleep(0.1)
        await broker.versions()
        assert len(await broker.take("one that died", [""], 8)) == 1
        async with station(lease=0.5):
            event = await work
        assert (event.state, event.error) == ("failed", "the composer broke down on this prompt: try another seed")
    await broker.close()


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_worker_whose_clock_is_an_hour_off_works_like_any_other(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path, hours: int
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        off = start_agent("off", LEASE, "--clock", str(3600 * hours))
        assert await outcomes(*(bot.compose(job(f"{n}")) for n in range(5))) == ["done"] * 5
        work = asyncio.create_task(bot.compose(job("a", f"quiet once {mark}")))
        await until(mark.exists)
        right = start_agent("right", LEASE)
        await right.ready()
        await asyncio.sleep(1.5 * LEASE)
        await heard_of(bot, "off", "right")
        assert not work.done(), "its job is its own as long as it lives"
        off.kill()
        assert await outcomes(work) == ["done"]


async def test_a_worker_of_another_release_is_refused_in_one_line(
    redis: RedisServer, start_agent: StartAgent, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster(redis) as bot:
        old = start_agent("old", LEASE, "--protocol", "0")
        assert await old.ended() == 1
        said = old.log.read_text()
        assert "error: this worker speaks protocol 0, the bot 1: install the bot's release of Tunesmith here" in said
        assert "Traceback" not in said
        assert bot.outage.startswith("no composer is there"), "it gets no jobs"
        new = start_agent("new", LEASE)
        await new.ready()
        assert await outcomes(bot.compose(job("a"))) == ["done"]
    assert caplog.text.count("worker old is of another release") <= 1


@pytest.mark.parametrize("forgets", [False, True], ids=["and remembers", "and forgets"])
async def test_a_redis_that_is_killed_in_mid_job_and_comes_back(
    redis: RedisServer, station: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture, forgets: bool
) -> None:
    marks = [tmp_path / f"mark{n}" for n in range(3)]
    async with cluster(redis) as bot, station("--sleep", "1", slots=4) as one:
        work = [asyncio.create_task(bot.compose(job(mark.name, f"sleep once {mark}"))) for mark in marks]
        await until(lambda: any(mark.exists() for mark in marks) and len(one._working) == 3)
        redis.kill()
        await until(
            lambda: bot.outage == "the way to the composers is blocked just now: your tune waits until it is free…"
        )
        new = asyncio.create_task(bot.compose(job("asked meanwhile")))
        await asyncio.sleep(1.0)
        if forgets:
            redis.forget()
        redis.start()
        assert await outcomes(*work, new) == ["done"] * 4
        await until(lambda: not bot.outage)
    said = [record.getMessage() for record in caplog.records if "Redis at" in record.getMessage()]
    assert len(said) == 4, "each of the two says once that it is away, and once that it is back"
    assert redis_server.PASSWORD not in caplog.text
    assert redis_server.QUOTED not in caplog.text


async def test_a_network_that_stalls_costs_nothing_but_time(
    redis: RedisServer, station: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten seconds of it, with the times of the product, and all of them divided by five."""
    monkeypatch.setattr(brokers, "TIMEOUT", 1.2)
    async with proxy(redis.port) as way:
        url = redis.url(way.port)
        async with cluster(redis, url=url) as bot, station("--sleep", "0.3", slots=2, lease=3.0, url=url) as one:
            work = [asyncio.create_task(bot.compose(job(f"{n}", "sleep"))) for n in range(6)]
            await until(lambda: len(one._working) == 2)
            way.open.clear()
            await asyncio.sleep(2.0)
            assert "blocked" in bot.outage
            way.open.set()
            assert await outcomes(*work) == ["done"] * 6
            assert bot.restarts == 0
            await until(lambda: not bot.outage)


async def test_a_cancelled_job_is_taken_back_from_its_worker(redis: RedisServer, station: Run, tmp_path: Path) -> None:
    written = tmp_path / "lines"
    async with cluster(redis) as bot, station("--log", str(written)) as one:
        work = asyncio.create_task(bot.compose(job("a", "quiet")))
        await until(lambda: written.exists() and '"quiet"' in written.read_text())
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await until(lambda: '{"cancel": ' in written.read_text() and not one._working)
        assert await outcomes(bot.compose(job("b"))) == ["done"]


async def test_without_a_worker_jobs_wait_for_one(redis: RedisServer, station: Run) -> None:
    async with cluster(redis) as bot:
        assert bot.outage == "no composer is there just now: your tune waits until one comes…"
        work = asyncio.create_task(bot.compose(job("a")))
        await asyncio.sleep(0.5)
        assert not work.done()
        async with station():
            assert await outcomes(work) == ["done"]
            await until(lambda: not bot.outage)


async def test_closing_fails_what_is_open(redis: RedisServer) -> None:
    async with cluster(redis) as bot:
        work = asyncio.create_task(bot.compose(job("a")))
        await asyncio.sleep(0.1)
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await work
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await bot.compose(job("b"))
