import asyncio
import random
from asyncio.subprocess import PIPE

import psutil
import pytest

from bot.core import subprocesses

COMMAND = ("sleep", "61.25")


async def begin_and_cancel(rng: random.Random) -> bool:
    """Whether the cancelling came in time."""
    started: list[asyncio.subprocess.Process] = []

    async def begin() -> None:
        started.append(await subprocesses.start(*COMMAND, stdin=PIPE, stdout=PIPE))

    task = asyncio.create_task(begin())
    for _ in range(rng.randrange(9)):
        await asyncio.sleep(0)
    await asyncio.sleep(rng.choice((0, 0.003 * rng.random())))
    task.cancel()
    await asyncio.wait([task])
    for process in started:
        process.kill()
        await process.communicate()
    return not started


def test_a_process_whose_start_is_cancelled_is_ended() -> None:
    rng = random.Random(0)
    in_time = [asyncio.run(begin_and_cancel(rng)) for _ in range(80)]  # asyncio itself forgets some five
    left = [child for child in psutil.Process().children() if child.cmdline() == list(COMMAND)]
    for child in left:
        child.kill()
    assert left == []
    assert sum(in_time) > 10


async def test_what_cannot_start_says_so() -> None:
    with pytest.raises(FileNotFoundError):
        await subprocesses.start("/no/such/program")
