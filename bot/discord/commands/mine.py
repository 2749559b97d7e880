"""/mine: the tunes that a member had composed."""

from typing import Any

import discord
from discord import app_commands

from bot.discord.context import Context
from bot.discord.messages import tune_lists


def add(tree: app_commands.CommandTree[Any], _parts: Context) -> None:
    """Put /mine into the tree, and have the client know what is clicked in lists."""
    tree.client.add_dynamic_items(tune_lists.Show, tune_lists.Turn)

    @tree.command(description="Your own tunes, the newest first")
    async def mine(interaction: discord.Interaction[Any]) -> None:
        await interaction.client.promises.make(interaction, thinking=True, ephemeral=True)
        await interaction.edit_original_response(**await tune_lists.own(interaction))
