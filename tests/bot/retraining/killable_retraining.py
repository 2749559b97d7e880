"""A bot that waits to be killed while it retrains.

`python -m tests.bot.retraining.killable_retraining DATA [WORDS FOR THE STAND-IN TRAINER]`, or in place of words the URL
of a Redis whose workers train, until they have heard nothing of it for a second.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from bot.core.values import Message
from tests.bot.retraining.retrainers import BOSS, running_retrainer


async def main(data: Path, *words: str) -> None:
    options: dict[str, Any] = {}
    if words and words[0].startswith("redis://"):
        from bot.workers.cluster.jobs import BrokerTimings

        options = {"through": words[0], "timings": BrokerTimings(training_expires=1.0)}
        words = words[1:]
    async with running_retrainer(data, *words, **options) as running:
        await running.retrainer.start(BOSS, message=Message("10", "20"))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
