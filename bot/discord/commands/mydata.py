"""/mydata: what the bot has stored about the member who asks, as lines or a file, and an end of it."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.discord.bounds import content
from bot.discord.context import Context, place_of
from bot.discord.errors import escaped
from bot.discord.messages.content import Attachment, MessageContent

TUNES = {"keep": "Keep them, as nobody's", "remove": "Remove them"}
_MORE = "`/mydata export` gives you all of it as a file, `/mydata forget` erases it."


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add the commands of /mydata to the tree."""
    group = app_commands.Group(name="mydata", description="What is stored about you: see it, take it, erase it")
    tree.add_command(group)
    _add_show(group, context)
    _add_export(group, context)
    _add_forget(group, context)


def _add_show(group: app_commands.Group, context: Context) -> None:
    @group.command(description="What is stored about you")
    async def show(interaction: discord.Interaction[Any]) -> None:
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
        member = await context.member_data.member(place_of(interaction))
        lines = [escaped(line) for line in await context.member_data.show(member)]
        await interaction.edit_original_response(**content("\n".join((*lines, _MORE))))


def _add_export(group: app_commands.Group, context: Context) -> None:
    @group.command(description="All that is stored about you, as a ZIP of JSON and ABC")
    async def export(interaction: discord.Interaction[Any]) -> None:
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
        packed = await context.member_data.export(await context.member_data.member(place_of(interaction)))
        if len(packed) > interaction.filesize_limit:
            line = "It is larger than Discord takes here: whoever runs the bot can give it to you."
            await interaction.edit_original_response(**content(line))
            return
        file = Attachment("tunesmith-data.zip", packed)
        answer = MessageContent("All that is stored about you:", attachments=(file,))
        await interaction.edit_original_response(**answer.edit())


def _add_forget(group: app_commands.Group, context: Context) -> None:
    @group.command(description="Erase what is stored about you, for good")
    @app_commands.describe(tunes="What becomes of your tunes; those with an opening of yours are removed in any case")
    @app_commands.choices(tunes=[Choice(name=name, value=value) for value, name in TUNES.items()])
    async def forget(interaction: discord.Interaction[Any], tunes: Choice[str]) -> None:
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
        member = await context.member_data.member(place_of(interaction))
        done = await context.member_data.forget(member, tunes.value == "keep")
        await interaction.edit_original_response(**content("\n".join(done.lines())))
