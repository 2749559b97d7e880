"""The bot's side of a cluster, and a worker agent in this process, with stand-ins that compose and train."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.bot.workers.jobs import QUICK
from tests.bot.workers.local.stand_in import STAND_IN
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER
from tests.engines.redis_server import RedisServer

if TYPE_CHECKING:
    from bot.workers.agent.agent import WorkerAgent
    from bot.workers.cluster.client import Cluster


RunAgent = Callable[..., AbstractAsyncContextManager["WorkerAgent"]]
LEASE = 1.5  # seconds


@asynccontextmanager
async def cluster(redis: RedisServer, **options: Any) -> AsyncIterator["Cluster"]:
    """The bot's side, at the test's Redis or at another `url`, which it polls often."""
    from bot.workers.cluster.client import Cluster

    async with Cluster(options.pop("url", redis.url()), **{"lease": LEASE, "poll": 0.1, **options}) as opened:
        yield opened


@pytest.fixture
def run_agent(redis: RedisServer, tmp_path: Path) -> RunAgent:
    """Runs a worker agent in this process; `timings` are of AgentTimings, `broker` of Broker.

    With `trainer`, words for the stand-in trainer, it takes trainings.
    """
    from bot.workers.agent.agent import WorkerAgent
    from bot.workers.agent.checkpoint_cache import CheckpointCache
    from bot.workers.agent.timings import AgentTimings
    from bot.workers.agent.training import TrainingAgent
    from bot.workers.cluster.jobs import Broker
    from bot.workers.local.trainer import Trainer
    from bot.workers.local.worker import LocalWorker

    @asynccontextmanager
    async def run(
        *stand_in: str,
        name: str = "here",
        url: str = "",
        own: dict[str, Path] | None = None,
        timings: dict[str, float] | None = None,
        broker: dict[str, Any] | None = None,
        trainer: Sequence[str] | None = None,
        lease: float = LEASE,
        **options: Any,
    ) -> AsyncIterator["WorkerAgent"]:
        connected = Broker(url or redis.url(), **(broker or {}))
        often = AgentTimings(**{**QUICK, **(timings or {})})
        cache = CheckpointCache(tmp_path / f"checkpoints of {name}", connected.files, own or {}, poll=0.05)
        async with LocalWorker(command=(*STAND_IN, *stand_in)) as local:
            agent = WorkerAgent(connected, local, cache, name, lease=lease, timings=often, **options)
            if trainer is not None:
                trains = Trainer((*STAND_IN_TRAINER, *trainer), nice=0)
                folder = tmp_path / f"trainings of {name}"
                agent.training = TrainingAgent(connected, cache, folder, True, trains, lease, often)
            task = asyncio.create_task(agent.run())
            try:
                yield agent
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await connected.close()

    return run
