"""A bot that waits to be killed while it retrains: `python -m tests.bot.pupil DATA [words for the stand-in]`."""

import asyncio
import sys
from pathlib import Path

from bot.values import Message
from tests.bot.classroom import BOSS, school


async def main(data: Path, *words: str) -> None:
    async with school(data, *words) as taught:
        await taught.retrainer.start(BOSS, message=Message("10", "20"))
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
