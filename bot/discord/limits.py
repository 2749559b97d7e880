"""Who may ask, where, and how often. The body is the other commands' author's; /compose and the buttons call these."""

from typing import Any

import discord

from bot.discord.parts import Parts


async def admit(interaction: discord.Interaction, parts: Parts) -> None:
    """May this member compose here and now? NotAllowed names the channels, Busy a Discord timestamp."""


async def is_admin(interaction: discord.Interaction, parts: Parts) -> bool:
    """Whether the member manages the server, or has a role that its settings name."""
    return bool(interaction.guild_id) and interaction.permissions.manage_guild


async def defaults(interaction: discord.Interaction, parts: Parts) -> dict[str, Any]:
    """The options of /compose that this server sets for those who leave them out, by name."""
    return {}
