"""`bench`: waiting times, memory and throughput, measured on this machine with a bot of its own."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.benchmarks import discord_latency, machines, members, page, rendering, retraining, storage
from bot.benchmarks.discord_latency import DiscordSize
from bot.benchmarks.machines import MachinesSize
from bot.benchmarks.measurement import Measurement
from bot.benchmarks.members import MembersSize
from bot.benchmarks.page import PageSize
from bot.benchmarks.rendering import RenderingSize
from bot.core.config import Config


@dataclass(frozen=True)
class Sizes:
    """How much each benchmark does."""

    page: PageSize = field(default_factory=PageSize)
    rendering: RenderingSize = field(default_factory=RenderingSize)
    members: MembersSize = field(default_factory=MembersSize)
    discord: DiscordSize = field(default_factory=DiscordSize)
    machines: MachinesSize = field(default_factory=MachinesSize)


SIZES = Sizes()


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "bench",
        help="measure start, waiting time, memory and throughput",
        description="Start a bot on a database of its own, ask it for tunes as the page does, and measure.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list of rows")
    parser.add_argument(
        "--large",
        action="store_true",
        help="also a retraining, 5,000 tunes in a row, and a store with a million (an hour, gigabytes)",
    )
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace, sizes: Sizes = SIZES) -> int:
    found = []
    if not options.json:
        print(f"{'':<72} {'ours':>8} {'baseline':>8} {'ratio':>6} {'goal':>5}  unit")
    for measurement in _measure(config, options, sizes):
        found.append(measurement.to_json())
        if not options.json:
            print(_line(found[-1]), flush=True)
    if options.json:
        print(json.dumps(found, indent=2))
    return 0


def _measure(config: Config, options: argparse.Namespace, sizes: Sizes) -> Iterator[Measurement]:
    yield from page.measure(options.config, sizes.page)
    yield from rendering.measure(sizes.rendering)
    yield from members.measure(config, sizes.members)
    yield from discord_latency.measure(options.config, sizes.discord)
    yield from machines.measure(sizes.machines)
    if options.large:
        yield from retraining.measure(config)
        yield from members.endure(config)
        yield from storage.measure()


def _line(found: dict[str, Any]) -> str:
    baseline, ratio, goal = (
        "" if found[name] is None else f"{found[name]:g}" for name in ("baseline", "ratio", "goal")
    )
    return f"{found['name']:<72} {found['ours']:>8.4g} {baseline:>8} {ratio:>6} {goal:>5}  {found['unit']}"
