"""/tune: an older tune, by its number."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.discord import limits, lists
from bot.discord.asking import check_permissions
from bot.discord.parts import Parts

LARGEST = 2**31 - 1


def add(tree: app_commands.CommandTree[Any], parts: Parts) -> None:
    """Put /tune into the tree."""

    @tree.command(description="Show a tune that was composed before")
    @app_commands.describe(id="Its number, as it stands under every tune")
    async def tune(interaction: discord.Interaction[Any], id: Range[int, 1, LARGEST]) -> None:
        check_permissions(interaction)
        await limits.admit(interaction, parts)
        await interaction.client.promises.make(interaction, thinking=True)
        await lists.put(interaction, id)
