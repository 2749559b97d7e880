"""`worker`: compose for bots on other machines."""

import argparse
import asyncio
from typing import Any

from bot.app.data_directory import make_data_directory
from bot.core.config import Config
from bot.core.errors import ConfigError


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
    make_data_directory(config.data_dir)
    try:
        from bot.app.worker import serve  # the bot starts without Redis' package
    except ModuleNotFoundError as error:
        raise ConfigError(f"workers need the package {error.name}: pip install -e '.[cluster]'") from error
    asyncio.run(serve(config))
    return 0
