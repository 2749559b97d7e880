"""`soak`: a bot under load, with restarts, kills and outages, and an account of every prompt in the end."""

import argparse
import json
import sys
from typing import Any

from bot.benchmarks.measurement import Measurement
from bot.benchmarks.soak import BOT, SoakSize, soak
from bot.core.config import Config

_USUAL = SoakSize()


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "soak",
        help="load a bot of its own for hours, with restarts, kills and outages, and account for every prompt",
        description="Start a bot on a database of its own and let members ask it at full speed, vote and remove tunes,"
        " while it is restarted, each of its processes is killed once, and disk and database are away once.",
    )
    parser.add_argument("--prompts", type=int, default=_USUAL.prompts, help=f"how many (default: {_USUAL.prompts})")
    parser.add_argument("--members", type=int, default=_USUAL.members, help=f"who ask (default: {_USUAL.members})")
    parser.add_argument("--restart-every", type=int, default=_USUAL.restart_every, metavar="PROMPTS")
    parser.add_argument("--outage", type=float, default=_USUAL.outage, metavar="SECONDS", help="that each one lasts")
    parser.add_argument("--cluster", action="store_true", help="with PostgreSQL, Redis and a worker of its own")
    parser.add_argument("--sleep", type=float, metavar="SECONDS", help="sleep in place of composing a tune")
    parser.add_argument("--json", action="store_true", help="print one JSON list of rows")
    parser.set_defaults(run=run)


def run(_config: Config, options: argparse.Namespace) -> int:
    """The exit status: 1 where a figure does not keep its limit."""
    size = SoakSize(options.prompts, options.members, options.restart_every, options.outage, options.cluster)
    program = BOT if options.sleep is None else (sys.executable, "-m", "bot.benchmarks.soak_bot", str(options.sleep))
    found = soak(size, program)
    if options.json:
        print(json.dumps([each.to_json() for each in found], indent=2))
    else:
        for each in found:
            print(_line(each))
    return int(any(_exceeds(each) for each in found))


def _exceeds(each: Measurement) -> bool:
    return each.baseline is not None and each.ours > each.baseline


def _line(each: Measurement) -> str:
    limit = "" if each.baseline is None else f"at most {each.baseline:g}"
    return f"{each.name:<64} {each.ours:>10,.6g} {each.unit:<10} {limit}{'  TOO MUCH' * _exceeds(each)}".rstrip()
