"""Waiting for what other processes, tasks or threads bring about."""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any


async def until(condition: Callable[[], Any], within: float = 120.0) -> Any:
    """Wait until a condition, which may be async, is true, and give its value. TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while True:
            value = condition()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value
            await asyncio.sleep(0.01)
