"""Vote counts on a message, right in the end when many members click at once."""

import logging
from typing import Any

import discord

from bot.core.errors import NotFound
from bot.core.values import Votes
from bot.discord.context import place_of
from bot.discord.messages.button_views import with_votes
from bot.library.library import Library

log = logging.getLogger(__name__)


class VoteCounts:
    """Edits a message once at a time; clicks during an edit are deferred, and counted in the next one."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._pending: dict[int, discord.Interaction[Any]] = {}  # by message: the newest click that it does not show
        self._editing: set[int] = set()  # messages

    async def show(self, interaction: discord.Interaction[Any], tune_id: int, votes: Votes) -> None:
        """Respond to a click that changed the votes on a tune to `votes`."""
        assert interaction.message
        key = interaction.message.id
        if key in self._editing:
            await interaction.client.deferrals.defer(interaction)
            self._pending[key] = interaction
            if key in self._editing:
                return  # the task that is editing shows this one next
        self._editing.add(key)
        try:
            if not interaction.response.is_done():
                await interaction.response.edit_message(view=with_votes(interaction.message, tune_id, votes))
            await self._show_pending(key, tune_id)
        finally:
            self._editing.discard(key)

    async def _show_pending(self, key: int, tune_id: int) -> None:
        while click := self._pending.pop(key, None):
            assert click.message
            try:
                votes = (await self._library.tune(tune_id, place_of(click))).votes
                await click.edit_original_response(view=with_votes(click.message, tune_id, votes))
            except (discord.HTTPException, NotFound) as error:
                log.info("the votes on tune %d could not be shown: %s", tune_id, error)
