"""`migrate`: bring the database to this release's tables, keeping a copy of the old file."""

import argparse
import asyncio
from typing import Any

from bot.config import Config
from bot.service import data_directory
from bot.store.migrate import migrate


def add(commands: Any) -> None:
    commands.add_parser("migrate", help="bring the database up to date (running the bot does so too)").set_defaults(
        run=run
    )


def run(config: Config, _options: argparse.Namespace) -> int:
    path = data_directory(config.data_dir) / "tunesmith.db"
    asyncio.run(migrate(path))
    print(f"{path} is up to date")
    return 0
