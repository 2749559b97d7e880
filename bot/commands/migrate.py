"""`migrate`: bring the database to this release's tables, keeping a copy of the old file."""

import argparse
import asyncio
from typing import Any

from bot.config import Config
from bot.service import data_directory
from bot.store.database import name_of
from bot.store.migrate import migrate


def add(commands: Any) -> None:
    commands.add_parser("migrate", help="bring the database up to date (running the bot does so too)").set_defaults(
        run=run
    )


def run(config: Config, _options: argparse.Namespace) -> int:
    data_directory(config.data_dir)
    asyncio.run(migrate(config.database))
    print(f"{name_of(config.database)} is up to date")
    return 0
