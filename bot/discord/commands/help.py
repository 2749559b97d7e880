"""/help: how to ask for tunes, with examples."""

from typing import Any

import discord
from discord import app_commands

from bot.discord.bounds import embeds
from bot.discord.context import Context
from bot.discord.messages.tunes import COLOUR

_TEXT = """I compose folk tunes on demand. A tune comes as sheet music with a player, MIDI and ABC.

**Ask for a tune**
`/compose key:Edor`
`/compose key:D rhythm:jig temperature:0.8`
`/compose key:G rhythm:waltz form:AABB count:2`
`/compose key:A rhythm:reel opening:EAAB cAcd|`
Everything but the key may be left out. A temperature of 0.5 is careful, 1.0 as the tradition has it, 1.5 bold.

**Under every tune**
👍 👎 vote; a second click takes it back · 🔁 once more, with another seed
🎲 keep the first part, compose the rest anew · 📝 its ABC · 🗑️ delete it, for whoever asked for it

**Find tunes again**
`/top period:This week rhythm:jig` the best liked here · `/mine` your own · `/tune id:42` one by its number
`/tunebook` your favourites as a PDF to print, and as ABC
`/mydata` what is stored about you: see it, take it, erase it
`/report id:42 subject:Its title` tell this server's admins of what should not stand here

**For those who manage a server**
`/settings show` defaults, channels, limits, admins and a log · `/moderate id:42` remove what was reported
`/model status` what I have learned from your votes; retrain, compare versions, roll back"""


def add(tree: app_commands.CommandTree[Any], _context: Context) -> None:
    """Add /help to the tree."""

    @tree.command(description="What you can ask for, with examples")
    async def help(interaction: discord.Interaction[Any]) -> None:
        embed = discord.Embed(title="Tunesmith", description=_TEXT, colour=COLOUR)
        await interaction.response.send_message(**embeds(embed), ephemeral=True)
