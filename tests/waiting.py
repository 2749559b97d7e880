"""Waiting for what other processes, tasks or threads bring about."""

import asyncio
import inspect
from collections.abc import Callable


async def until(holds: Callable[[], object], within: float = 20.0) -> None:
    """Wait until what `holds` gives, or gives after being awaited, is true. TimeoutError after so many seconds."""
    async with asyncio.timeout(within):
        while True:
            found = holds()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.01)
