"""/mine: the tunes of the member who asks."""

from typing import Any

import discord
from discord import app_commands

from bot.discord.context import Context
from bot.discord.messages import tune_lists


def add(tree: app_commands.CommandTree[Any], _context: Context) -> None:
    """Add /mine to the tree."""

    @tree.command(description="Your own tunes, the newest first")
    async def mine(interaction: discord.Interaction[Any]) -> None:
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
        await interaction.edit_original_response(**(await tune_lists.own_tunes(interaction)).edit())
