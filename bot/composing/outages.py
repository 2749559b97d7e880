"""Telling those who wait that something is away on which their tunes depend, and when it is back."""

import asyncio
from typing import Protocol

from bot.core.subscriptions import PromptBroadcaster

LOOK_EVERY = 0.5  # seconds


class Source(Protocol):
    """What may be away."""

    @property
    def outage(self) -> str:
        """A line for those who wait; empty while all is well."""
        ...


async def publish_outages(listeners: PromptBroadcaster, *sources: Source) -> None:
    """Look at each source all the time, and pass on the first outage. Never returns."""
    while True:
        listeners.mention(next((line for source in sources if (line := source.outage)), ""))
        await asyncio.sleep(LOOK_EVERY)
