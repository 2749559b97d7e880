"""Builds a worker on a machine of its own, and runs it until it is stopped."""

import socket
from collections.abc import Sequence

from bot.app.bot import build_local_worker
from bot.app.stopping import run_until_stopped
from bot.app.versions import SHIPPED
from bot.core.config import Config
from bot.core.errors import ConfigError
from bot.core.files import sha256_of
from bot.workers.agent.agent import Vitals, WorkerAgent
from bot.workers.agent.checkpoint_cache import CheckpointCache
from bot.workers.agent.timings import AgentTimings
from bot.workers.agent.training import TrainingAgent
from bot.workers.cluster.jobs import Broker
from bot.workers.health import PROTOCOL
from bot.workers.local.trainer import Trainer
from bot.workers.local.worker import LocalWorker

TRAINER = Trainer()  # its limits come with each training
TIMINGS = AgentTimings()


async def serve(
    config: Config,
    command: Sequence[str] = (),
    protocol: int = PROTOCOL,
    trainer: Trainer = TRAINER,
    timings: AgentTimings = TIMINGS,
) -> None:
    """Work until SIGTERM or Ctrl-C. `command` starts another process that composes than the usual one."""
    await run_until_stopped(_work(config, command, protocol, trainer, timings))


async def _work(config: Config, command: Sequence[str], protocol: int, trainer: Trainer, timings: AgentTimings) -> None:
    broker, vitals = _broker(config, protocol), Vitals()
    try:
        async with build_local_worker(config, vitals.on_event, command) as local:
            agent = _agent(config, broker, local, vitals, timings)
            agent.training = _training(config, broker, agent.cache, trainer, timings)
            slots = config.workers.slots
            print(f"worker {agent.name}: ready for {slots} tunes at a time, at {broker.address}", flush=True)
            await agent.run()
    finally:
        await broker.close()


def _agent(config: Config, broker: Broker, local: LocalWorker, vitals: Vitals, timings: AgentTimings) -> WorkerAgent:
    own = {sha256_of(path): path for path in (SHIPPED, config.worker.checkpoint) if path}
    own.pop("", None)
    return WorkerAgent(
        broker,
        local,
        CheckpointCache(config.data_dir.absolute() / "fetched", broker.files, own),
        name=config.workers.name or socket.gethostname(),
        slots=config.workers.slots,
        lease=config.workers.lease,
        vitals=vitals,
        timings=timings,
    )


def _training(
    config: Config, broker: Broker, cache: CheckpointCache, trainer: Trainer, timings: AgentTimings
) -> TrainingAgent | None:
    """What trains; None where the settings forbid it."""
    if config.workers.trains is False:
        return None
    return TrainingAgent(
        broker,
        cache,
        folder=config.data_dir.absolute(),
        anywhere=config.workers.trains is True,
        trainer=trainer,
        lease=config.workers.lease,
        timings=timings,
    )


def _broker(config: Config, protocol: int) -> Broker:
    url = config.workers.broker
    try:
        return Broker(url.get_secret_value() if url else "", protocol)
    except ValueError as error:
        raise ConfigError(f"setting 'workers.broker': {error}") from None
