"""A bot that waits to be killed while it retrains: `python -m tests.bot.retraining.killable_retraining DATA [words for the stand-in]`.

Instead of words, the URL of a Redis: then workers there train, for as long as they hear of it within a second.
"""

import asyncio
import sys
from pathlib import Path

from bot.core.values import Message
from tests.bot.retraining.retrainers import BOSS, running_retrainer


async def main(data: Path, *words: str) -> None:
    through = ""
    if words and words[0].startswith("redis://"):
        from bot.workers.cluster import trainings

        vars(trainings).update(LASTS=1000)
        through, *words = words  # type: ignore[assignment]
    async with running_retrainer(data, *words, through=through) as running:
        await running.retrainer.start(BOSS, message=Message("10", "20"))
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
