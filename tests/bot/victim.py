"""A bot that waits to be killed: `python -m tests.bot.victim DATABASE [LEASE]`, with 10 prompts rendering, 50 queued.

Before, it had one tune stored and voted on. It says `ready` once all of that stands in the database.
"""

import asyncio
import sys

from bot.values import Place
from tests.bot.parts import ANN, BEN, all_rendering, asked, running

RENDERING, QUEUED = 10, 50


async def main(path: str, lease: float = 30.0) -> None:
    async with running(path, at_once=RENDERING, limit=100, lease=lease) as bot:
        (tune,) = (await bot.finished(asked())).tunes
        for place, vote in ((ANN, 1), (BEN, -1)):
            member, _ = await bot.store.place(place)
            await bot.composer.library.vote(tune.id, member, vote)
        bot.renderer.go.clear()
        changes = bot.composer.changes()
        ids = [
            await bot.ask(asked(seed=number), Place("web", "local", f"m{number % 7}"))
            for number in range(RENDERING + QUEUED)
        ]
        await all_rendering(changes, set(ids[:RENDERING]))
        print("ready", flush=True)
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(float, sys.argv[2:])))
