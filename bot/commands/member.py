"""`member`: show, hand over or erase what is stored about a member."""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from bot.app.data_directory import make_data_directory
from bot.backup.copies import older_copies
from bot.core.config import Config
from bot.core.errors import BadRequest
from bot.library.member_data import MemberData
from bot.store import Store


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "member",
        help="show, export or erase what is stored about a member",
        description="What /mydata does for a member itself, done by the operator, also beside a running bot. ID is the"
        " member's id on its platform: on Discord a number (Developer Mode, Copy User ID).",
    )
    acts = parser.add_subparsers(metavar="ACT", required=True)
    show = _act(acts, "show", "say what is stored", _show)
    export = _act(acts, "export", "write a ZIP of JSON and ABC", _export)
    forget = _act(acts, "forget", "erase id, name, prompts, votes and messages", _forget)
    export.add_argument("file", type=Path, metavar="FILE")
    forget.add_argument("--tunes", choices=("keep", "remove"), default="keep", help="keep: as nobody's (default)")
    for each in (show, export, forget):
        each.add_argument("--platform", help="discord, web or cli, where several have the id")


def _act(acts: Any, name: str, summary: str, work: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = acts.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
    parser.add_argument("id", metavar="ID")
    parser.set_defaults(run=lambda config, options: asyncio.run(work(config, options)))
    return parser


async def _show(config: Config, options: argparse.Namespace) -> int:
    async with await _open(config) as store:
        data = MemberData(store)
        print("\n".join(await data.show(await data.find(options.id, options.platform))))
    return 0


async def _export(config: Config, options: argparse.Namespace) -> int:
    async with await _open(config) as store:
        data = MemberData(store)
        packed = await data.export(await data.find(options.id, options.platform))
    try:
        options.file.write_bytes(packed)
    except OSError as error:
        raise BadRequest(f"cannot write {options.file}: {error.strerror}") from error
    print(f"{options.file}: {len(packed) / 1e6:,.2f} MB")
    return 0


async def _forget(config: Config, options: argparse.Namespace) -> int:
    async with await _open(config) as store:
        data = MemberData(store, largest=None)
        done = await data.forget(await data.find(options.id, options.platform), options.tunes == "keep")
    print("\n".join(done.lines()))
    if copies := older_copies(config):
        names = ", ".join(str(path) for path in copies)
        print(f"Copies from before still hold it: {names}. Delete them, or wait until they are replaced.")
    return 0


async def _open(config: Config) -> Store:
    make_data_directory(config.data_dir)
    return await Store.open(config.database)
