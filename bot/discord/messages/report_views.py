"""A report in the log channel of a server, and the buttons with which its admins act on it."""

import re
from typing import Any, Self

import discord

from bot.core.values import StoredTune
from bot.discord import errors, permissions
from bot.discord.bounds import bounded, content
from bot.discord.context import Context, place_of
from bot.discord.errors import escaped
from bot.discord.messages.tunes import COLOUR
from bot.library.reports import ACTIONS, SUBJECTS

OFFERED = ("remove", "like", "title")  # of ACTIONS


class ReportButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"report:(?P<tune>\d{{1,18}}):(?P<action>{'|'.join(OFFERED)})",
):
    """One of the things that admins can do about a reported tune. Its state is in the custom_id alone."""

    def __init__(self, tune_id: int, action: str) -> None:
        style = discord.ButtonStyle.secondary if action == "title" else discord.ButtonStyle.danger
        custom_id = f"report:{tune_id}:{action}"
        super().__init__(discord.ui.Button(label=ACTIONS[action], style=style, custom_id=custom_id))
        self.tune_id, self.action = tune_id, action

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(int(match["tune"]), match["action"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        context: Context = interaction.client.context
        try:
            await permissions.check_admin(interaction, context)
            await interaction.client.deferrals.defer(interaction)
            done = await context.reports.moderate(place_of(interaction), self.tune_id, self.action)
            await interaction.edit_original_response(
                **content(f"{interaction.user.mention}: {escaped(done)}."), view=None
            )
        except Exception as error:
            await errors.send_error(interaction, error)


def report_message(tune: StoredTune, subject: str, reason: str, member: discord.abc.User) -> dict[str, Any]:
    """The arguments of `send` for a report in the log channel."""
    embed = discord.Embed(title=tune.title, description=escaped(reason) or None, colour=COLOUR)
    embed.add_field(name="Reported", value=SUBJECTS[subject].capitalize())
    embed.add_field(name="By", value=member.mention)
    embed.add_field(name="To see it", value=f"`/tune id:{tune.id}`")
    view = discord.ui.View(timeout=None)
    for action in OFFERED:
        view.add_item(ReportButton(tune.id, action))
    return {"content": f"Tune {tune.id} was reported.", "embeds": bounded([embed]), "view": view}


DYNAMIC_ITEMS: tuple[type[discord.ui.DynamicItem[Any]], ...] = (ReportButton,)
