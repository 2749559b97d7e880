"""Telling those who wait that something is away on which their tunes depend, and when it is back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ParamSpec, Protocol, TypeVar

from bot.core.errors import StoreUnavailable
from bot.core.subscriptions import PromptBroadcaster

P = ParamSpec("P")
T = TypeVar("T")

LOOK_EVERY = 0.5  # seconds
SHORTEST_WAIT, LONGEST_WAIT = 0.2, 3.0  # seconds before a database that is away is asked again


class Source(Protocol):
    """What may be away."""

    @property
    def trouble(self) -> str:
        """A line for those who wait; empty while all is well."""
        ...


async def publish_outages(listeners: PromptBroadcaster, *sources: Source) -> None:
    """Look at each source all the time, and pass on the first that is in trouble. Never returns."""
    while True:
        listeners.mention(next((line for source in sources if (line := source.trouble)), ""))
        await asyncio.sleep(LOOK_EVERY)


async def retry_while_unavailable(call: Callable[P, Awaitable[T]], *args: P.args, **kw: P.kwargs) -> T:
    """What `call` gives; while the database is away, it is made again and again. It may be carried out twice."""
    wait = SHORTEST_WAIT
    while True:
        try:
            return await call(*args, **kw)
        except StoreUnavailable:
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
