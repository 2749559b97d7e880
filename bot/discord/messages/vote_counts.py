"""The votes on a message, kept right while a hundred members click at once."""

import logging
from typing import Any

import discord

from bot.core.errors import NotFound
from bot.core.values import Votes
from bot.discord.messages.button_views import recounted
from bot.library.library import Library

log = logging.getLogger(__name__)


class Counts:
    """One edit of a message at a time: clicks that come meanwhile are acknowledged, and counted in the next edit."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._later: dict[int, discord.Interaction[Any]] = {}  # by message: the newest click that it does not show yet
        self._busy: set[int] = set()

    async def show(self, interaction: discord.Interaction[Any], tune_id: int, votes: Votes) -> None:
        """Answer a click that changed a tune's votes to these."""
        assert interaction.message
        key = interaction.message.id
        if key in self._busy:
            await interaction.client.promises.make(interaction)
            self._later[key] = interaction
            if key in self._busy:
                return  # whoever is at it goes on with this one
        self._busy.add(key)
        try:
            if not interaction.response.is_done():
                await interaction.response.edit_message(view=recounted(interaction.message, tune_id, votes))
            await self._catch_up(key, tune_id)
        finally:
            self._busy.discard(key)

    async def _catch_up(self, key: int, tune_id: int) -> None:
        while click := self._later.pop(key, None):
            assert click.message
            try:
                votes = (await self._library.tune(tune_id)).votes
                await click.edit_original_response(view=recounted(click.message, tune_id, votes))
            except (discord.HTTPException, NotFound) as error:
                log.info("the votes on tune %d could not be shown: %s", tune_id, error)
