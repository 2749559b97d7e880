"""Deferred responses: Discord waits 3 s for the first response to an interaction, then 15 minutes for the rest."""

import asyncio
from typing import Any

import discord

CONCURRENT = 16  # a new connection to Discord costs more than reusing one, and holds up whoever comes next


class Deferrals:
    """Defers interactions, `CONCURRENT` at a time, so that a crowd is served over few connections.

    Work waits at most `timeout` seconds for deferrals, since under a constant load some are always pending.
    """

    def __init__(self, timeout: float = 0.5) -> None:
        self._timeout = timeout
        self._free = asyncio.Semaphore(CONCURRENT)
        self._pending = 0
        self._none_pending = asyncio.Event()
        self._none_pending.set()

    async def defer(
        self, interaction: discord.Interaction[Any], **options: bool
    ) -> discord.InteractionCallbackResponse[Any] | None:
        """Defer the response to an interaction, with the options of `interaction.response.defer`."""
        self._pending += 1
        self._none_pending.clear()
        try:
            async with self._free:
                return await interaction.response.defer(**options)
        finally:
            self._pending -= 1
            if not self._pending:
                self._none_pending.set()

    async def wait_for_pending(self) -> None:
        """Return once no deferral is pending, or after `timeout`."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._none_pending.wait()
        except TimeoutError:
            pass
