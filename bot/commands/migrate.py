"""`migrate`: bring the database up to date, or copy an SQLite store into it."""

import argparse
import asyncio
from typing import Any

from bot.app.data_directory import make_data_directory
from bot.core.config import Config
from bot.store.copy import copy
from bot.store.database import name_of
from bot.store.migrate import migrate


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "migrate",
        help="bring the database up to date (running the bot does so too)",
        description="Bring the database that the settings name up to date; with --from, fill it, which has to be"
        " empty, with all that an SQLite store holds, and leave that one as it is.",
    )
    parser.add_argument("--from", dest="source", metavar="sqlite:///FILE", help="copy this store into the one in use")
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    make_data_directory(config.data_dir)
    if options.source:
        counts = asyncio.run(copy(options.source, config.database))
        for table, count in sorted(counts.items()):
            print(f"{table}: {count} rows")
    else:
        asyncio.run(migrate(config.database))
    print(f"{name_of(config.database)} is up to date")
    return 0
