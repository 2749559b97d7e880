"""/tune: an older tune, by its number."""

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.discord import limits
from bot.discord.answer import show
from bot.discord.asking import check_permissions
from bot.discord.failures import escaped
from bot.discord.parts import Parts
from bot.values import StoredTune

LARGEST = 2**31 - 1


def add(tree: app_commands.CommandTree[Any], parts: Parts) -> None:
    """Put /tune into the tree."""

    @tree.command(description="Show a tune that was composed before")
    @app_commands.describe(id="Its number, as it stands under every tune")
    async def tune(interaction: discord.Interaction[Any], id: Range[int, 1, LARGEST]) -> None:
        check_permissions(interaction)
        await limits.admit(interaction, parts)
        await interaction.response.defer(thinking=True)
        found = await parts.library.tune(id)
        answer = (await show(parts.library, [found], interaction.filesize_limit)).edit()
        if alike := await parts.library.similar(found):
            answer["content"] = f"{answer['content']}\n{_similar(alike)}".strip()
        await interaction.edit_original_response(**answer)


def _similar(alike: Sequence[tuple[StoredTune, float]]) -> str:
    """A line on the tunes of this server that are most like the one that is shown."""
    named = [f"{escaped(tune.title[:80])} (`/tune id:{tune.id}`, {share:.0%} alike)" for tune, share in alike]
    return f"Similar tunes here: {', '.join(named)}"
