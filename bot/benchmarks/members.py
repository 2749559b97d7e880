"""The whole way with many members at once: use case, worker, renderer and database, as the bot runs them."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.app.bot import Service, running
from bot.benchmarks.row import Row, at_least, at_most
from bot.core.config import Config
from bot.core.errors import WorkerError
from bot.core.values import Place, State
from model.prompt import Prompt, parse_prompt

MEMBERS = 200
TUNES = 5000  # of the long run
_TICK = 0.01  # seconds between two looks at the loop
_KEYS, _RHYTHMS = ("Edor", "D", "Am", "G", "Bm"), ("reel", "jig", "hornpipe", "waltz", "polka", "slip jig")


def measure(config: Config) -> list[Row]:
    """Each of `MEMBERS` members asks for a tune in the same moment, in a bot with a database of its own."""
    with own(config) as fresh:
        return asyncio.run(_measure(fresh))


@contextmanager
def own(config: Config) -> Iterator[Config]:
    """Settings with a data directory of their own and room for all members."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as data:
        queue = config.queue.model_copy(update={"limit": MEMBERS, "per_server": MEMBERS})
        yield config.model_copy(update={"data_dir": Path(data), "queue": queue})


async def _measure(config: Config) -> list[Row]:
    async with running(config) as bot:
        await waits(bot, 2)  # the first ones find everything cold
        watch = _Watch()
        watching = asyncio.create_task(watch.run())
        began = time.monotonic()
        taken = sorted(await waits(bot, MEMBERS))
        seconds = time.monotonic() - began
        watching.cancel()
    name = f"{MEMBERS} members at once"
    return [
        at_least(f"{name}: finished tunes", MEMBERS / seconds, 5.0, "tunes/s"),
        Row(f"{name}: wait, median", statistics.median(taken), "s"),
        Row(f"{name}: wait, 99th percentile", taken[int(0.99 * (len(taken) - 1))], "s"),
        Row(f"{name}: event loop late, 99th percentile", 1000 * watch.late(), "ms"),
        *([Row(f"{name}: memory of all processes, peak", watch.peak, "MB")] if watch.peak else []),
    ]


def endure(config: Config) -> list[Row]:
    """The same, MEMBERS after MEMBERS, until there are TUNES: does memory stay as it was?"""
    with own(config) as fresh:
        return asyncio.run(_endure(fresh))


async def _endure(config: Config) -> list[Row]:
    async with running(config) as bot:
        weighed = []
        for _ in range(0, TUNES, MEMBERS):
            await waits(bot, MEMBERS)
            weighed.append(await asyncio.to_thread(_resident))
    early = max(weighed[: max(1, len(weighed) // 5)])  # caches and pools fill at first
    growth = max(weighed[len(weighed) // 2 :]) / early if early else 0.0
    return [
        Row(f"{TUNES:,} tunes: memory of all processes, first fifth", early, "MB"),
        at_most(f"{TUNES:,} tunes: memory in the second half, of that", growth, 1.1, "times"),
    ]


async def waits(bot: Service, members: int) -> list[float]:
    """Seconds from the command to the finished tune, of each member."""
    updates = bot.composer.subscribe()
    began = time.monotonic()
    asking = (bot.composer.compose(Place("web", "bench", f"m{n}"), prompt(n)) for n in range(members))
    left = {progress.prompt.id for progress in await asyncio.gather(*asking)}
    found = []
    while left:
        progress = await anext(updates)
        if progress.prompt.id in left and progress.prompt.state.final:
            if progress.prompt.state is not State.DONE:
                raise WorkerError(f"a tune failed: {progress.prompt.error}")
            left.discard(progress.prompt.id)
            found.append(time.monotonic() - began)
    return found


def prompt(number: int) -> Prompt:
    return parse_prompt(_KEYS[number % len(_KEYS)], _RHYTHMS[number % len(_RHYTHMS)], seed=number)


class _Watch:
    """How late the event loop comes back to one that waits, and how much memory the bot and its children take."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self.peak = 0.0

    def late(self) -> float:
        """The 99th percentile, in seconds."""
        return sorted(self._late)[int(0.99 * (len(self._late) - 1))] if self._late else 0.0

    async def run(self) -> None:
        weigh_at = 0.0
        while True:
            began = time.monotonic()
            await asyncio.sleep(_TICK)
            self._late.append(time.monotonic() - began - _TICK)
            if began >= weigh_at:
                weigh_at = began + 0.5
                self.peak = max(self.peak, await asyncio.to_thread(_resident))


def _resident() -> float:
    """MB of this process and its children; 0 where the system does not say."""
    return sum(map(_one, _family())) / 1000


def _family() -> Iterator[str]:
    yield "self"
    for task in Path("/proc/self/task").glob("*/children"):
        yield from task.read_text().split()


def _one(pid: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
