"""Answers are promised first, and before anything else: Discord waits 3 s for that, and for the rest 15 minutes."""

import asyncio
from typing import Any

import discord

AT_ONCE = 16  # a new connection to Discord costs more than using one again, and holds up whoever comes next
PATIENCE = 0.5  # seconds that work stands back for promises


class Deferrals:
    """Acknowledges interactions, a few at a time, so that a crowd is served from few connections."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._pending = 0
        self._none_pending = asyncio.Event()
        self._none_pending.set()

    async def make(
        self, interaction: discord.Interaction[Any], **promise: bool
    ) -> discord.InteractionCallbackResponse[Any] | None:
        """Defer an answer; `promise` is as for `interaction.response.defer`."""
        self._pending += 1
        self._none_pending.clear()
        try:
            async with self._free:
                return await interaction.response.defer(**promise)
        finally:
            self._pending -= 1
            if not self._pending:
                self._none_pending.set()

    async def stand_back(self) -> None:
        """Wait until no promise has yet to be made, but not for long: some always do under a constant load."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._none_pending.wait()
        except TimeoutError:
            pass
