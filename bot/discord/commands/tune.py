"""/tune: an older tune by its number."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.discord import permissions
from bot.discord.context import Context
from bot.discord.messages import tune_lists

LARGEST = 2**31 - 1


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add /tune to the tree."""

    @tree.command(description="Show a tune that was composed before")
    @app_commands.describe(id="Its number, as it stands under every tune")
    async def tune(interaction: discord.Interaction[Any], id: Range[int, 1, LARGEST]) -> None:
        permissions.check_bot_permissions(interaction)
        await permissions.check_channel(interaction, context)
        await interaction.client.deferrals.defer(interaction, thinking=True)
        await tune_lists.show_tune(interaction, id)
