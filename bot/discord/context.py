"""What commands and buttons are given, and who asks through them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import discord

from bot.composing.composer import Composer
from bot.core.config import Config
from bot.core.values import Place, StoredPrompt, StoredTune
from bot.library.library import Library
from bot.library.server_settings import Settings
from bot.library.tunebook import Tunebooks
from bot.retraining.retrainer import Retrainer

PLATFORM = "discord"


class Store(Protocol):
    """What the front end asks of the store itself: `bot.store` is what it gets."""

    async def place(self, place: Place) -> tuple[int, int]:
        """(member_id, server_id) of a place, registered where it is new."""
        ...

    async def tunes_of(self, prompt_ids: Collection[int], member_id: int = 0) -> list[StoredTune]:
        """The tunes of these prompts that are not deleted."""
        ...

    async def answered_in(self, prompt_id: int, channel_id: str, message_id: str, delivered: bool = False) -> None:
        """Remember the message that carries a prompt's answer, which it shows, or has yet to show."""
        ...

    async def external_id(self, member_id: int) -> str:
        """The member's id on its own platform."""
        ...

    async def delivered(self, prompt_id: int) -> None:
        """The prompt's message shows the end."""
        ...

    async def take_undelivered(self, platforms: Collection[str], mine: bool = True) -> list[StoredPrompt]:
        """Have the delivery of prompts in a final state whose message does not show it yet, if no other bot has it."""
        ...

    async def delivers(self, prompt_id: int) -> bool:
        """Have the delivery of one; False where it was delivered, or is another living bot's."""
        ...


@dataclass(frozen=True)
class Context:
    """The use cases, ready, for every command module and button."""

    composer: Composer
    library: Library
    store: Store
    config: Config
    settings: Settings
    tunebooks: Tunebooks
    retrainer: Retrainer


def place_of(interaction: discord.Interaction) -> Place:
    """Who asks, and where. A conversation outside of servers counts as a server of its own."""
    server = str(interaction.guild_id) if interaction.guild_id else f"@{interaction.channel_id}"
    return Place(PLATFORM, server, str(interaction.user.id), interaction.user.display_name)


def is_guest(interaction: discord.Interaction) -> bool:
    """Whether the bot answers as an app of the member's alone: nobody added it here, and it cannot write unasked."""
    if interaction.guild_id:
        return interaction.client.get_guild(interaction.guild_id) is None
    return interaction.context.private_channel and not interaction.context.dm_channel
