"""/top: the leaderboard of a server."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.core.errors import NotFound
from bot.core.values import Period, Votes
from bot.core.wording import plural
from bot.discord import permissions
from bot.discord.commands import autocomplete
from bot.discord.context import Context, place_of
from bot.discord.messages import tune_lists

PERIODS = {
    Period.DAY: "Today",
    Period.WEEK: "This week",
    Period.MONTH: "This month",
    Period.ALL: "All time",
}


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add /top to the tree."""

    @tree.command(description="The tunes that are liked best here")
    @app_commands.describe(period="When the votes were cast: all time when left out", rhythm="Only this dance")
    @app_commands.choices(period=[Choice(name=name, value=period.value) for period, name in PERIODS.items()])
    @app_commands.autocomplete(rhythm=autocomplete.rhythm)
    async def top(
        interaction: discord.Interaction[Any],
        period: Choice[str] | None = None,
        rhythm: Range[str, 1, 40] | None = None,
    ) -> None:
        await permissions.check_channel(interaction, context)
        chosen = Period(period.value) if period else Period.ALL
        leaders = await context.library.top(place_of(interaction), chosen, rhythm)
        when = PERIODS[chosen].lower()
        if not leaders:
            raise NotFound(f"nothing has a vote up yet ({when}): press 👍 under the tunes that you like")
        dance = plural(leaders[0].tune.prompt.rhythm if rhythm else "tune")
        rows = [(leader.tune, Votes(leader.up, leader.down)) for leader in leaders]
        board = tune_lists.leaderboard(f"Best {dance}, {when}", rows)
        await interaction.response.send_message(**board.send())
