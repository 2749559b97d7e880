"""A bot that waits to be killed, with RENDERING prompts being rendered, QUEUED more, and one tune with votes.

`python -m tests.bot.composing.killable_bot DATABASE [LEASE [REDIS MARK]]` prints `ready` once all of that is stored.
With REDIS it has AT_WORKERS prompts at the workers there instead, each of which no worker answers at its first try.
"""

import asyncio
import sys
from pathlib import Path

from bot.core.values import Place
from tests.bot.running_bot import ANN, BEN, all_rendering, new_prompt, running_bot
from tests.waiting import until

RENDERING, QUEUED, AT_WORKERS = 10, 50, 3


async def at_workers(path: str, lease: float, url: str, mark: Path) -> None:
    from bot.workers.cluster.jobs import BrokerTimings

    timings = BrokerTimings(job_expires=3.0)  # once it is killed
    async with running_bot(path, lease=lease, through=url, timings=timings) as bot:
        for number in range(AT_WORKERS):
            await bot.ask(new_prompt(f"quiet once {mark}{number}", seed=number))
        await until(lambda: all(Path(f"{mark}{number}").exists() for number in range(AT_WORKERS)))
        print("ready", flush=True)
        await asyncio.Event().wait()


async def main(path: str, lease: float = 30.0) -> None:
    async with running_bot(path, at_once=RENDERING, limit=100, lease=lease) as bot:
        (tune,) = (await bot.finished(new_prompt())).tunes
        for place, vote in ((ANN, 1), (BEN, -1)):
            await bot.composer.library.vote(tune.id, place, vote)
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        ids = [
            await bot.ask(new_prompt(seed=number), Place("web", "local", f"m{number % 7}"))
            for number in range(RENDERING + QUEUED)
        ]
        await all_rendering(updates, set(ids[:RENDERING]))
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[3:]:
        asyncio.run(at_workers(sys.argv[1], float(sys.argv[2]), sys.argv[3], Path(sys.argv[4])))
    else:
        asyncio.run(main(sys.argv[1], *map(float, sys.argv[2:])))
