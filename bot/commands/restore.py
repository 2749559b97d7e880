"""`restore`: bring back what a backup holds."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from bot.app.data_directory import data_directory_lock
from bot.backup.restore import RESTORED_SETTINGS, opened, restore
from bot.commands.backup import described
from bot.core.config import Config


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "restore",
        help="bring back what a backup holds",
        description="Look at every byte of a backup; then make the data directory that the settings name, or fill the"
        " database that they name, with what it holds, brought up to date. FILE may also be a copy of the database"
        " that an upgrade has left (tunesmith.db.before-…).",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
    parser.add_argument("--force", action="store_true", help="replace what is there")
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    with opened(options.file) as source, data_directory_lock(config.data_dir):
        done = asyncio.run(restore(source, config, options.force))
    made = done.manifest.made_at.strftime("%Y-%m-%d %H:%M UTC")
    print(f"{config.data_dir} is as it was on {made}: {described(done.manifest)}")
    if (config.data_dir / RESTORED_SETTINGS).exists():
        print(f"the settings of then, without passwords and tokens: {config.data_dir / RESTORED_SETTINGS}")
    if done.kept:
        print(f"the database that was there is now {done.kept}: delete it when it is no longer needed")
    print("whoever asked to be forgotten since then has to be forgotten again: tunesmith member forget")
    return 0
