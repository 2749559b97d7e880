"""A Redis of each test's own, a cluster's bot end, and workers: in this process, or in ones that can be killed."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.command_line import ROOT, environment
from tests.engines import redis_server
from tests.engines.redis_server import RedisServer


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    redis_server.skip_where_missing()
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_server.running(folder) as server:
        yield server


class StationProcess:
    """`python -m bot worker` with the stand-in, in a process of its own."""

    def __init__(self, folder: Path, url: str, name: str, lease: float, *options: str, program: str) -> None:
        settings = {"BROKER": url, "NAME": name, "LEASE": str(lease)}
        given = environment(folder / name, **{f"TUNESMITH_WORKERS__{key}": value for key, value in settings.items()})
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *program.split(), *options], cwd=ROOT, env=given, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        async with asyncio.timeout(60):
            while "ready for" not in self.log.read_text():
                assert self.process.poll() is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, 30)

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


class StartStation(Protocol):
    def __call__(self, name: str = ..., lease: float = ..., *options: str, program: str = ...) -> StationProcess: ...


@pytest.fixture
def start_station(redis: RedisServer, tmp_path: Path) -> Iterator[StartStation]:
    """Starts worker processes, which are gone afterwards."""
    started: list[StationProcess] = []

    def start(
        name: str = "home", lease: float = 1.5, *options: str, program: str = "tests.bot.workers.station"
    ) -> StationProcess:
        started.append(StationProcess(tmp_path, redis.url(), name, lease, *options, program=program))
        return started[-1]

    yield start
    for station in started:
        station.end()


@pytest.fixture
def station(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """Runs a worker in this process, but for what composes."""
    from bot.workers import station as stations
    from bot.workers.broker import Broker
    from bot.workers.cache import Cache
    from bot.workers.local import LocalWorker
    from tests.bot.workers.test_local import STAND_IN

    monkeypatch.setattr(stations, "GRACE", 0.1)

    @asynccontextmanager
    async def run(
        *options: str,
        name: str = "here",
        slots: int = 8,
        lease: float = 1.5,
        url: str = "",
        own: dict[str, Path] | None = None,
    ) -> AsyncIterator[stations.Station]:
        broker = Broker(url or redis.url())
        async with LocalWorker(command=(*STAND_IN, *options)) as local:
            cache = Cache(tmp_path / f"checkpoints of {name}", broker.files, own or {})
            station = stations.Station(broker, local, cache, name, slots, lease)
            task = asyncio.create_task(station.run())
            try:
                yield station
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await broker.close()

    return run
