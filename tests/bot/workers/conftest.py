"""A cluster's bot end, and a worker in this process, but for what composes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.engines.redis_server import RedisServer

if TYPE_CHECKING:
    from bot.workers.agent.agent import WorkerAgent
    from bot.workers.cluster.client import Cluster


Run = Callable[..., AbstractAsyncContextManager["WorkerAgent"]]
LEASE = 1.5  # seconds


@asynccontextmanager
async def cluster(redis: RedisServer, **options: Any) -> AsyncIterator["Cluster"]:
    """A bot's end, at the test's Redis or at another `url`."""
    from bot.workers.cluster.client import Cluster

    async with Cluster(options.pop("url", redis.url()), LEASE, **options) as opened:
        yield opened


@pytest.fixture
def station(redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a worker in this process, but for what composes."""
    from bot.workers.agent import agent as stations
    from bot.workers.agent.checkpoint_cache import Cache
    from bot.workers.cluster.jobs import Broker
    from bot.workers.local.worker import LocalWorker
    from tests.bot.workers.local.test_worker import STAND_IN

    monkeypatch.setattr(stations, "GRACE", 0.1)

    @asynccontextmanager
    async def run(
        *options: str,
        name: str = "here",
        slots: int = 8,
        lease: float = 1.5,
        url: str = "",
        own: dict[str, Path] | None = None,
    ) -> AsyncIterator["WorkerAgent"]:
        broker = Broker(url or redis.url())
        async with LocalWorker(command=(*STAND_IN, *options)) as local:
            cache = Cache(tmp_path / f"checkpoints of {name}", broker.files, own or {})
            station = stations.WorkerAgent(broker, local, cache, name, slots, lease)
            task = asyncio.create_task(station.run())
            try:
                yield station
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await broker.close()

    return run
