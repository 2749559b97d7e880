"""Publishes outages of the database and of the workers, and their ends, to members who wait."""

import asyncio
from typing import Protocol

from bot.core.subscriptions import PromptBroadcaster

EVERY = 0.5  # seconds


class Source(Protocol):
    """What may have an outage."""

    @property
    def outage(self) -> str:
        """A line for waiting members during an outage; else empty."""
        ...


async def publish_outages(broadcaster: PromptBroadcaster, *sources: Source, every: float = EVERY) -> None:
    """Look at the sources every so many seconds, and put the first one's outage on all prompts. Never returns."""
    while True:
        broadcaster.set_note(next((line for source in sources if (line := source.outage)), ""))
        await asyncio.sleep(every)
