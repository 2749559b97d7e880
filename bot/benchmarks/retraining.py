"""Retraining beside composing: how long it takes, and what members notice of it meanwhile."""

import asyncio
import statistics
import time

from bot.app.bot import Service, running
from bot.benchmarks.members import own, prompt, waits
from bot.benchmarks.row import Row, at_most
from bot.core.config import Config
from bot.core.errors import TrainerError
from bot.core.retraining import Retraining, RetrainingStatus
from bot.core.values import Place

VOTED = 200  # tunes
VOTERS = 10  # whose votes of one moment count as 20 each
ONE_BY_ONE = 12  # prompts that are timed beforehand
LONGEST, SLOWER = 300.0, 2.0  # seconds that it may take, and how many times slower composing may be meanwhile


def measure(config: Config) -> list[Row]:
    """A bot with a database of its own learns from VOTED tunes, of which half are liked, while it goes on composing."""
    with own(config) as fresh:
        return asyncio.run(_measure(fresh))


async def _measure(config: Config) -> list[Row]:
    async with running(config) as bot, bot.retrainer:
        await _vote(bot)
        before = [(await waits(bot, 1))[0] for _ in range(ONE_BY_ONE)]
        began = time.monotonic()
        learning = asyncio.create_task(_retrained(bot))
        meanwhile = []
        while not learning.done():
            meanwhile += await waits(bot, 1)
        seconds, done = time.monotonic() - began, learning.result()
    if done.status not in (RetrainingStatus.PROMOTED, RetrainingStatus.REFUSED):
        raise TrainerError(f"the retraining that was measured failed: {done.error}")
    name = f"retraining on {VOTED} voted tunes"
    usual, now = statistics.median(before), statistics.median(meanwhile)
    return [
        at_most(f"{name}, from the command to the verdict", seconds, LONGEST, "s"),
        Row(f"{name}: a tune before, median", usual, "s"),
        at_most(f"{name}: a tune meanwhile, median, of that", now / usual, SLOWER, "times"),
    ]


async def _vote(bot: Service) -> None:
    """Every other tune is liked, by members who composed none."""
    updates = bot.composer.subscribe()
    asked = [await bot.composer.compose(Place("web", "bench", f"m{n}"), prompt(n)) for n in range(VOTED)]
    left, tunes = {progress.prompt.id for progress in asked}, []
    while left:
        progress = await anext(updates)
        if progress.prompt.id in left and progress.prompt.state.final:
            left.discard(progress.prompt.id)
            tunes += [tune.id for tune in progress.tunes]
    for number, tune in enumerate(tunes):
        judge, _ = await bot.store.members.register(Place("web", "bench", f"judge {number % VOTERS}"))
        await bot.library.vote(tune, judge, 1 if tune % 2 else -1)


async def _retrained(bot: Service) -> Retraining:
    updates = bot.retrainer.subscribe()
    begun = await bot.retrainer.start(Place("web", "bench", "judge 0"))
    return await bot.retrainer.finished(begun.id, updates)
