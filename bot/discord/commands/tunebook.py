"""/tunebook: favourites as one PDF to print and one ABC file."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.discord import permissions
from bot.discord.context import Context, place_of
from bot.discord.errors import escaped
from bot.discord.messages.content import Attachment, MessageContent
from bot.library.tunebook import Tunebook

WHOSE = {"mine": "Mine: the tunes that I voted up", "server": "This server's: the tunes that are liked best"}


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add /tunebook to the tree."""

    @tree.command(description="Favourites as a book: one PDF to print and one ABC file")
    @app_commands.describe(whose="Whose favourites: yours when left out, which only you see")
    @app_commands.choices(whose=[Choice(name=name, value=value) for value, name in WHOSE.items()])
    async def tunebook(interaction: discord.Interaction[Any], whose: Choice[str] | None = None) -> None:
        ours = bool(whose and whose.value == "server")
        if ours:
            permissions.check_bot_permissions(interaction)
            await permissions.check_channel(interaction, context)
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=not ours)
        place = place_of(interaction)
        name = interaction.guild.name if interaction.guild else ""
        book = await (context.tunebooks.of_server(place, name) if ours else context.tunebooks.of_member(place))
        await interaction.edit_original_response(**_response(book, interaction.filesize_limit).edit())


def _response(book: Tunebook, limit: int) -> MessageContent:
    tunes = "one tune" if book.count == 1 else f"{book.count} tunes"
    line = f"**{escaped(book.title)}**, {tunes}"
    files = {"pdf": book.pdf, "abc": book.abc}
    if len(book.pdf) + len(book.abc) > limit:
        del files["pdf"]
        line += ". The PDF is larger than Discord takes here."
    return MessageContent(line, attachments=tuple(Attachment(f"{book.name}.{kind}", files[kind]) for kind in files))
