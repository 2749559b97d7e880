"""/report and its entry in a message's menu tell a server's admins of a tune; /moderate is what they do about it."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.core.errors import BadRequest, NotAllowed
from bot.discord import permissions
from bot.discord.bounds import content
from bot.discord.context import Context, place_of
from bot.discord.errors import capitalized, escaped
from bot.discord.messages.button_views import chosen_tune
from bot.discord.messages.report_views import report_message
from bot.library.reports import ACTIONS, LONGEST_REASON

SUBJECTS = {"tune": "The tune", "title": "Its title"}
LARGEST = 2**31 - 1
_TOLD = "Thank you: this server's admins have been told."
_RECORDED = "Thank you: it is recorded for this server's admins, who see it with /settings history."


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add the commands to the tree."""
    _add_report(tree, context)
    _add_menu_entry(tree, context)
    _add_moderate(tree, context)


def _add_report(tree: app_commands.CommandTree[Any], context: Context) -> None:
    @tree.command(description="Tell this server's admins of a tune or title that should not stand here")
    @app_commands.describe(
        id="Its number, as it stands under every tune", subject="What is wrong", reason="Why, for the admins alone"
    )
    @app_commands.choices(subject=[Choice(name=name, value=value) for value, name in SUBJECTS.items()])
    async def report(
        interaction: discord.Interaction[Any],
        id: Range[int, 1, LARGEST],
        subject: Choice[str],
        reason: Range[str, 0, LONGEST_REASON] = "",
    ) -> None:
        await _report(interaction, context, id, subject.value, reason)


def _add_menu_entry(tree: app_commands.CommandTree[Any], context: Context) -> None:
    @tree.context_menu(name="Report this tune")
    async def report_this(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        tune_id = chosen_tune(message)
        if tune_id is None:
            raise BadRequest("there is no tune in that message: /report takes the number of one")
        await _report(interaction, context, tune_id, "tune", "")


def _add_moderate(tree: app_commands.CommandTree[Any], context: Context) -> None:
    @tree.command(description="What becomes of a tune, or its title, that should not stand here")
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    @app_commands.describe(id="Its number, as it stands under every tune", action="What becomes of it")
    @app_commands.choices(action=[Choice(name=name, value=value) for value, name in ACTIONS.items()])
    async def moderate(interaction: discord.Interaction[Any], id: Range[int, 1, LARGEST], action: Choice[str]) -> None:
        await permissions.check_admin(interaction, context)
        await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
        done = await context.reports.moderate(place_of(interaction), id, action.value)
        await interaction.edit_original_response(**content(escaped(capitalized(f"{done}."))))
        await permissions.post_to_log(interaction, context, f"moderate: {done}")

    moderate.default_permissions = permissions.ADMIN_COMMANDS


async def _report(
    interaction: discord.Interaction[Any], context: Context, tune_id: int, subject: str, reason: str
) -> None:
    if not interaction.guild_id:
        raise NotAllowed("a conversation has no admins: delete your tune with its button")
    await interaction.client.deferrals.defer(interaction, thinking=True, ephemeral=True)
    tune, new = await context.reports.report(place_of(interaction), tune_id, subject, reason)
    message = report_message(tune, subject, reason, interaction.user)
    told = await permissions.send_to_log(interaction, context, **message) if new else True
    await interaction.edit_original_response(**content(_TOLD if told else _RECORDED))
