"""/mine: the tunes that a member had composed."""

from typing import Any

import discord
from discord import app_commands

from bot.discord import lists
from bot.discord.parts import Parts


def add(tree: app_commands.CommandTree[Any], _parts: Parts) -> None:
    """Put /mine into the tree, and have the client know what is clicked in lists."""
    tree.client.add_dynamic_items(lists.Show, lists.Turn)

    @tree.command(description="Your own tunes, the newest first")
    async def mine(interaction: discord.Interaction[Any]) -> None:
        await interaction.client.promises.make(interaction, thinking=True, ephemeral=True)
        await interaction.edit_original_response(**await lists.own(interaction))
