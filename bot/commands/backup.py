"""`backup`: write all that the bot keeps to one file, while it runs."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from bot.backup.archive import Manifest
from bot.backup.backup import back_up
from bot.core.config import Config


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "backup",
        help="write the database, the learned checkpoints and the settings to one file",
        description="Write the database as it is at one moment, the learned checkpoints, and the settings without"
        " secrets to one file, also while a bot runs; `restore` brings them back. An older FILE is replaced.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a ZIP: tunesmith.zip, say")
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    manifest = asyncio.run(back_up(config, options.file))
    print(f"{options.file}: {described(manifest)}, {options.file.stat().st_size / 1e6:,.1f} MB")
    return 0


def described(manifest: Manifest) -> str:
    """What a backup holds, in a few words."""
    rows, checkpoints = manifest.rows, len(manifest.checkpoints)
    counts = {"prompts": rows.get("prompts", 0), "tunes": rows.get("tunes", 0), "votes": rows.get("votes", 0)}
    return ", ".join(f"{count} {name}" for name, count in {**counts, "learned checkpoints": checkpoints}.items())
