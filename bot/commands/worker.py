"""`worker`: compose for bots on other machines."""

import argparse
import asyncio
import logging
import signal
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.config import Config
from bot.errors import ConfigError
from bot.service import SHIPPED, data_directory, local_worker, sha256_of

if TYPE_CHECKING:
    from bot.workers.broker import Broker
    from bot.workers.station import Station, Vitals

log = logging.getLogger(__name__)


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "worker",
        help="compose for bots on other machines",
        description="Dial out to the Redis of [workers] broker, take jobs as there is room for them, and compose them"
        " with a model of this machine's own, until it is told to stop; what is in work then gets ten seconds, and the"
        " rest goes to other workers. Checkpoints that this machine lacks come through Redis.",
    )
    parser.set_defaults(run=run)


def run(config: Config, _options: argparse.Namespace) -> int:
    if config.workers.broker is None:
        raise ConfigError("there is no [workers] broker to work for: set it, or TUNESMITH_WORKERS__BROKER")
    data_directory(config.data_dir)
    asyncio.run(serve(config))
    return 0


async def serve(config: Config, command: Sequence[str] = (), protocol: int | None = None) -> None:
    """Work until SIGTERM or Ctrl-C. `command` is the process that composes, where it is not the usual one."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    work = asyncio.create_task(_work(config, command, protocol), name="worker")
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not work.done():
        print("stopping", flush=True)
        work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    if not work.cancelled():
        work.result()


async def _work(config: Config, command: Sequence[str], protocol: int | None) -> None:
    from bot.workers.broker import PROTOCOL
    from bot.workers.station import Vitals

    broker = _broker(config, PROTOCOL if protocol is None else protocol)
    vitals = Vitals()
    name = config.workers.name or socket.gethostname()
    try:
        async with local_worker(config, vitals.heard, command) as local:
            station = _station(config, broker, local, vitals, name)
            print(f"worker {name}: ready for {config.workers.slots} tunes at a time, at {broker.address}", flush=True)
            await station.run()
    finally:
        await broker.close()


def _station(config: Config, broker: "Broker", local: Any, vitals: "Vitals", name: str) -> "Station":
    from bot.workers.cache import Cache
    from bot.workers.station import Station

    mine = {sha256_of(path): path for path in (SHIPPED, config.worker.checkpoint) if path}
    mine.pop("", None)
    cache = Cache(config.data_dir.absolute() / "checkpoints", broker.files, mine)
    return Station(broker, local, cache, name, config.workers.slots, config.workers.lease, vitals)


def _broker(config: Config, protocol: int) -> "Broker":
    from bot.workers.broker import Broker

    assert config.workers.broker
    try:
        return Broker(config.workers.broker.get_secret_value(), protocol)
    except ValueError as error:
        raise ConfigError(f"setting 'workers.broker': {error}") from None
