"""Many members at once, with use case, worker, renderer and database as the bot runs them."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.app.bot import Service, running
from bot.benchmarks.event_loop import LagMeter
from bot.benchmarks.measurement import Measurement, at_least, at_most, percentile_99
from bot.benchmarks.memory import children, resident
from bot.benchmarks.prompts import numbered_prompt
from bot.core.config import Config
from bot.core.errors import WorkerError
from bot.core.values import Place, State

_MEMORY_INTERVAL = 0.5  # seconds between two measurements


@dataclass(frozen=True)
class MembersSize:
    """Members who ask at once, and the tunes of the long run."""

    members: int = 200
    tunes: int = 5000


SIZE = MembersSize()


def measure(config: Config, size: MembersSize = SIZE) -> list[Measurement]:
    """Each member asks for a tune in the same moment, in a bot with a database of its own."""
    with own_data(config, size.members) as fresh:
        return asyncio.run(_measure(fresh, size.members))


@contextmanager
def own_data(config: Config, members: int = SIZE.members) -> Iterator[Config]:
    """Settings with a data directory of their own and room for so many prompts."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as data:
        queue = config.queue.model_copy(update={"limit": members, "per_server": members})
        yield config.model_copy(update={"data_dir": Path(data), "queue": queue})


async def _measure(config: Config, members: int) -> list[Measurement]:
    async with running(config) as bot:
        await compose_for(bot, 2)  # the first ones find everything cold
        meter, memory = LagMeter(), _PeakMemory()
        measuring = [asyncio.create_task(meter.run()), asyncio.create_task(memory.run())]
        began = time.monotonic()
        waits = sorted(await compose_for(bot, members))
        seconds = time.monotonic() - began
        for task in measuring:
            task.cancel()
    name = f"{members} members at once"
    late = percentile_99([lag for _, lag in meter.lags])
    return [
        at_least(f"{name}: finished tunes", members / seconds, 5.0, "tunes/s"),
        Measurement(f"{name}: wait, median", statistics.median(waits), "s"),
        Measurement(f"{name}: wait, 99th percentile", percentile_99(waits), "s"),
        Measurement(f"{name}: event loop late, 99th percentile", 1000 * late, "ms"),
        *([Measurement(f"{name}: memory of all processes, peak", memory.peak, "MB")] if memory.peak else []),
    ]


def endure(config: Config, size: MembersSize = SIZE) -> list[Measurement]:
    """The same again and again, until there are `size.tunes`: does memory stay as it was?"""
    with own_data(config, size.members) as fresh:
        return asyncio.run(_endure(fresh, size))


async def _endure(config: Config, size: MembersSize) -> list[Measurement]:
    async with running(config) as bot:
        memory = []
        for _ in range(0, size.tunes, size.members):
            await compose_for(bot, size.members)
            memory.append(await asyncio.to_thread(_memory_of_all))
    early = max(memory[: max(1, len(memory) // 5)])  # caches and pools fill at first
    growth = max(memory[len(memory) // 2 :]) / early if early else 0.0
    return [
        Measurement(f"{size.tunes:,} tunes: memory of all processes, first fifth", early, "MB"),
        at_most(f"{size.tunes:,} tunes: memory in the second half, of that", growth, 1.1, "times"),
    ]


async def compose_for(bot: Service, members: int) -> list[float]:
    """Seconds from the command to the finished tune, of each member. WorkerError where one fails."""
    updates = bot.composer.subscribe()
    began = time.monotonic()
    submitting = (bot.composer.compose(Place("web", "bench", f"m{n}"), numbered_prompt(n)) for n in range(members))
    unfinished = {progress.prompt.id for progress in await asyncio.gather(*submitting)}
    waits = []
    while unfinished:
        progress = await anext(updates)
        if progress.prompt.id in unfinished and progress.prompt.state.final:
            if progress.prompt.state is not State.DONE:
                raise WorkerError(f"a tune failed: {progress.prompt.error}")
            unfinished.discard(progress.prompt.id)
            waits.append(time.monotonic() - began)
    return waits


class _PeakMemory:
    """The most memory that this process and its children took, in MB; 0 where the system does not say."""

    def __init__(self) -> None:
        self.peak = 0.0

    async def run(self) -> None:
        while True:
            self.peak = max(self.peak, await asyncio.to_thread(_memory_of_all))
            await asyncio.sleep(_MEMORY_INTERVAL)


def _memory_of_all() -> float:
    return resident() + sum(map(resident, children()))
