"""Retraining beside composing: how long it takes, and how much slower members are served meanwhile."""

import asyncio
import statistics
import time
from dataclasses import dataclass

from bot.app.bot import Service, running
from bot.benchmarks.measurement import Measurement, at_most
from bot.benchmarks.members import compose_for, own_data
from bot.benchmarks.prompts import numbered_prompt
from bot.core.config import Config
from bot.core.errors import TrainerError
from bot.core.retraining import Retraining, RetrainingStatus
from bot.core.values import Place

VOTERS = 10  # whose votes of one moment count as 20 each
LONGEST, SLOWER = 300.0, 2.0  # seconds that it may take, and how many times slower composing may be meanwhile


@dataclass(frozen=True)
class RetrainingSize:
    """Voted tunes, and prompts that are timed beforehand."""

    voted: int = 200
    one_by_one: int = 12


SIZE = RetrainingSize()


def measure(config: Config, size: RetrainingSize = SIZE) -> list[Measurement]:
    """A bot with a database of its own learns from voted tunes, of which half are liked, while it goes on composing."""
    with own_data(config) as fresh:
        return asyncio.run(_measure(fresh, size))


async def _measure(config: Config, size: RetrainingSize) -> list[Measurement]:
    async with running(config) as bot, bot.retrainer:
        await _vote(bot, size.voted)
        before = [(await compose_for(bot, 1))[0] for _ in range(size.one_by_one)]
        began = time.monotonic()
        retraining = asyncio.create_task(_retrain(bot))
        meanwhile = []
        while not retraining.done():
            meanwhile += await compose_for(bot, 1)
        seconds, done = time.monotonic() - began, retraining.result()
    if done.status not in (RetrainingStatus.PROMOTED, RetrainingStatus.REFUSED):
        raise TrainerError(f"the retraining that was measured failed: {done.error}")
    name = f"retraining on {size.voted} voted tunes"
    usual, now = statistics.median(before), statistics.median(meanwhile)
    return [
        at_most(f"{name}, from the command to the report", seconds, LONGEST, "s"),
        Measurement(f"{name}: a tune before, median", usual, "s"),
        at_most(f"{name}: a tune meanwhile, median, of that", now / usual, SLOWER, "times"),
    ]


async def _vote(bot: Service, count: int) -> None:
    """Compose tunes; every other one is liked, by members who composed none."""
    updates = bot.composer.subscribe()
    submitted = [await bot.composer.compose(Place("web", "bench", f"m{n}"), numbered_prompt(n)) for n in range(count)]
    unfinished, tunes = {progress.prompt.id for progress in submitted}, []
    while unfinished:
        progress = await anext(updates)
        if progress.prompt.id in unfinished and progress.prompt.state.final:
            unfinished.discard(progress.prompt.id)
            tunes += [tune.id for tune in progress.tunes]
    for number, tune in enumerate(tunes):
        voter = Place("web", "bench", f"voter {number % VOTERS}")
        await bot.library.vote(tune, voter, 1 if tune % 2 else -1)


async def _retrain(bot: Service) -> Retraining:
    updates = bot.retrainer.subscribe()
    begun = await bot.retrainer.start(Place("web", "bench", "voter 0"))
    return await bot.retrainer.finished(begun.id, updates)
