"""Workers on other machines: whatever happens to them, to Redis or to the way there, each job has one outcome."""

import asyncio
import hashlib
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import ConfigError, WorkerError
from bot.workers import broker as brokers
from bot.workers import cache
from bot.workers import station as stations
from bot.workers.broker import Broker, Health
from bot.workers.cluster import Cluster
from model.jobs import Event
from tests.bot.workers.conftest import StartStation
from tests.bot.workers.test_local import job, outcomes, until
from tests.engines import redis_server
from tests.engines.proxy import proxy
from tests.engines.redis_server import RedisServer

Run = Callable[..., AbstractAsyncContextManager[stations.Station]]
LEASE = 1.5  # seconds


@asynccontextmanager
async def cluster(redis: RedisServer, **options: object) -> AsyncIterator[Cluster]:
    async with Cluster(str(options.pop("url", "")) or redis.url(), LEASE, **options) as opened:  # type: ignore[arg-type]
        yield opened


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
        one.vitals.heard(Event("", "alive", memory=321, device="NVIDIA H100"))
        await until(lambda: any(health.device for health in bot.workers()))
        (health,) = bot.workers()
        assert health == Health("home", brokers.PROTOCOL, "NVIDIA H100", 5, 5, (), (), 321)
        assert 0 <= health.seen < LEASE
    async with cluster(redis) as bot:
        assert bot.workers() == [], "one that left is not listed"


async def test_a_killed_worker_has_its_jobs_taken_over(
    redis: RedisServer, start_station: StartStation, tmp_path: Path
) -> None:
    marks = [tmp_path / str(n) for n in range(4)]
    async with cluster(redis) as bot:
        first = start_station("first", LEASE)
        work = [asyncio.create_task(bot.compose(job(mark.name, f"quiet once {mark}"))) for mark in marks]
        await until(lambda: all(mark.exists() for mark in marks))
        second = start_station("second", LEASE)
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
    redis: RedisServer, start_station: StartStation, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        asleep = start_station("asleep", LEASE, "--", "--sleep", "0.5")
        await asleep.ready()
        work = asyncio.create_task(bot.compose(job("a", f"sleep once {mark}")))
        await until(mark.exists)
        asleep.process.send_signal(signal.SIGSTOP)  # it composes on, and cannot say so
        awake = start_station("awake", LEASE)
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
    redis: RedisServer, start_station: StartStation, tmp_path: Path, hours: int
) -> None:
    mark = tmp_path / "mark"
    async with cluster(redis) as bot:
        off = start_station("off", LEASE, "--clock", str(3600 * hours))
        assert await outcomes(*(bot.compose(job(f"{n}")) for n in range(5))) == ["done"] * 5
        work = asyncio.create_task(bot.compose(job("a", f"quiet once {mark}")))
        await until(mark.exists)
        right = start_station("right", LEASE)
        await right.ready()
        await asyncio.sleep(1.5 * LEASE)
        await heard_of(bot, "off", "right")
        assert not work.done(), "its job is its own as long as it lives"
        off.kill()
        assert await outcomes(work) == ["done"]


async def test_a_worker_of_another_release_is_refused_in_one_line(
    redis: RedisServer, start_station: StartStation, caplog: pytest.LogCaptureFixture
) -> None:
    async with cluster(redis) as bot:
        old = start_station("old", LEASE, "--protocol", "0")
        assert await old.ended() == 1
        said = old.log.read_text()
        assert "error: this worker speaks protocol 0, the bot 1: install the bot's release of Tunesmith here" in said
        assert "Traceback" not in said
        assert bot.trouble.startswith("no composer is there"), "it gets no jobs"
        new = start_station("new", LEASE)
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
            lambda: bot.trouble == "the way to the composers is blocked just now: your tune waits until it is free…"
        )
        new = asyncio.create_task(bot.compose(job("asked meanwhile")))
        await asyncio.sleep(1.0)
        if forgets:
            redis.forget()
        redis.start()
        assert await outcomes(*work, new) == ["done"] * 4
        await until(lambda: not bot.trouble)
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
            assert "blocked" in bot.trouble
            way.open.set()
            assert await outcomes(*work) == ["done"] * 6
            assert bot.restarts == 0
            await until(lambda: not bot.trouble)


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
        assert bot.trouble == "no composer is there just now: your tune waits until one comes…"
        work = asyncio.create_task(bot.compose(job("a")))
        await asyncio.sleep(0.5)
        assert not work.done()
        async with station():
            assert await outcomes(work) == ["done"]
            await until(lambda: not bot.trouble)


async def test_closing_fails_what_is_open(redis: RedisServer) -> None:
    async with cluster(redis) as bot:
        work = asyncio.create_task(bot.compose(job("a")))
        await asyncio.sleep(0.1)
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await work
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await bot.compose(job("b"))


def versioned(name: str, path: Path, does: str = "", version: int = 2) -> brokers.Any:
    from dataclasses import replace

    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(job(name, does), checkpoint=str(path), sha256=sha256, version=version)


async def test_jobs_prefer_workers_that_hold_their_version_until_those_are_full(
    redis: RedisServer, station: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stations, "PREFERENCE", 0.6)
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"weights")
    sha256 = versioned("a", mine).sha256
    has_it, has_it_not = station(name="has it", slots=3, own={sha256: mine}), station(name="has it not")
    async with cluster(redis) as bot, has_it as holder, has_it_not as other:
        await until(lambda: len(other._peers) == 2 and sha256 in other._versions)
        await bot.compose(versioned("first", mine))
        assert await outcomes(*(bot.compose(versioned(f"{n}", mine)) for n in range(20))) == ["done"] * 20
        assert other.cache.held() == set()
        work = [asyncio.create_task(bot.compose(versioned(f"{n}", mine, "quiet"))) for n in range(4)]
        await until(lambda: len(holder._working) == 3 and len(other._working) == 1)
        await until(lambda: other.cache.held() == {sha256})
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def test_a_checkpoint_that_a_worker_lacks_is_fetched_once_and_verified(
    redis: RedisServer, station: Run, tmp_path: Path
) -> None:
    mine, lines = tmp_path / "mine.safetensors", tmp_path / "lines"
    mine.write_bytes(bytes(range(256)) * 10_000)  # more than one part
    sha256 = versioned("a", mine).sha256
    async with cluster(redis) as bot, station("--log", str(lines)) as one:
        assert await outcomes(*(bot.compose(versioned(f"{n}", mine)) for n in range(5))) == ["done"] * 5
        there = one.cache.folder / f"{sha256}.safetensors"
        assert there.read_bytes() == mine.read_bytes()
        assert lines.read_text().count(f'"checkpoint": "{there}"') == 5
        await until(lambda: any(health.versions == (2,) for health in bot.workers()))
        mine.unlink()
    there.write_bytes(b"damaged while nobody looked")
    async with cluster(redis, provide=_provide(bytes(range(256)) * 10_000)) as bot, station() as one:
        assert await outcomes(bot.compose(versioned_by_hash("a", sha256))) == ["done"]
        assert hashlib.sha256(there.read_bytes()).hexdigest() == sha256


def _provide(data: bytes) -> object:
    async def provide(sha256: str) -> bytes | None:
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    return provide


def versioned_by_hash(name: str, sha256: str) -> brokers.Any:
    from dataclasses import replace

    return replace(job(name), checkpoint="/on/another/machine", sha256=sha256, version=2)


async def test_a_checkpoint_that_is_not_what_it_should_be_is_never_used(
    redis: RedisServer, station: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "PATIENCE", 1.0)
    data, lines = b"weights" * 1000, tmp_path / "lines"
    sha256 = hashlib.sha256(data).hexdigest()
    broker = Broker(redis.url())
    await broker.files.bring(sha256, data[:-1])
    async with cluster(redis, provide=_provide(data)) as bot, station("--log", str(lines)) as one:
        assert await outcomes(bot.compose(versioned_by_hash("a", sha256))) == ["done"]
        assert (one.cache.folder / f"{sha256}.safetensors").read_bytes() == data
    await broker.close()


@pytest.mark.parametrize("wrong", ["password", "none"])
async def test_a_wrong_password_is_one_line_that_does_not_show_it(
    redis: RedisServer, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = redis.url().replace(redis_server.QUOTED, "wrong-secret")
    if wrong == "none":
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
def test_a_url_that_cannot_be_read_is_one_line_that_does_not_show_it(url: str) -> None:
    redis_server.skip_where_missing()
    with pytest.raises(ConfigError, match="write the broker as redis://") as caught:
        Cluster(url)
    assert "sec" not in str(caught.value).replace("special", "")
