"""/model: admins see versions and retrainings, begin or cancel a retraining, and roll back to another version."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.core.errors import NotAllowed
from bot.core.values import Message
from bot.discord import permissions
from bot.discord.bounds import content, embeds
from bot.discord.commands import autocomplete
from bot.discord.context import Context, place_of
from bot.discord.messages.model import model_embed, version_label, versions_embed
from bot.retraining.retrainer import MOST_VOTES

LARGEST = 2**31 - 1
RECEIVED = "Getting ready to learn…"


def add(tree: app_commands.CommandTree[Any], context: Context) -> None:
    """Add the commands of /model to the tree."""
    group = permissions.admin_group(tree, "model", "The model: learn from votes, versions")
    _add_status(group, context)
    _add_retraining(group, context)
    _add_rollback(group, context)


def _add_status(group: app_commands.Group, context: Context) -> None:
    @group.command(description="What composes: version and workers; what is being learned")
    async def status(interaction: discord.Interaction[Any]) -> None:
        await _check_model_admin(interaction, context)
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.edit_original_response(**embeds(model_embed(await context.retrainer.status())))

    @group.command(description="All versions: when, who, from how many votes, and how they are liked")
    async def versions(interaction: discord.Interaction[Any]) -> None:
        await _check_model_admin(interaction, context)
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.edit_original_response(**embeds(versions_embed(await context.retrainer.versions())))


def _add_retraining(group: app_commands.Group, context: Context) -> None:
    @group.command(description="Learn from the votes; what passes every test composes from then on")
    @app_commands.describe(
        minimum_votes="With fewer votes nothing is learned", dry_run="Test what was learned, and change nothing"
    )
    async def retrain(
        interaction: discord.Interaction[Any],
        minimum_votes: Range[int, 1, MOST_VOTES] | None = None,
        dry_run: bool = False,
    ) -> None:
        await _check_model_admin(interaction, context)
        permissions.check_bot_permissions(interaction)
        await interaction.response.defer(thinking=True)
        response = await interaction.edit_original_response(**content(RECEIVED))
        message = Message(str(interaction.channel_id), str(response.id))
        retraining = await context.retrainer.start(place_of(interaction), minimum_votes, dry_run, message)
        await permissions.post_to_log(interaction, context, f"retrain: began retraining {retraining.id}")

    @group.command(description="Stop what is being learned; nothing changes")
    async def cancel(interaction: discord.Interaction[Any]) -> None:
        await _check_model_admin(interaction, context)
        await interaction.response.defer(thinking=True, ephemeral=True)
        cancelled = await context.retrainer.cancel(place_of(interaction))
        line = f"Retraining {cancelled.id} is cancelled; nothing has changed."
        await interaction.edit_original_response(**content(line))
        await permissions.post_to_log(interaction, context, f"retrain: cancelled retraining {cancelled.id}")


def _add_rollback(group: app_commands.Group, context: Context) -> None:
    async def suggest(interaction: discord.Interaction[Any], current: str) -> list[Choice[int]]:
        try:
            await _check_model_admin(interaction, context)
        except NotAllowed:
            return []
        others = [
            each for each in await context.retrainer.versions() if not each.version.pruned_at and not each.current
        ]
        found = [each for each in others if str(each.version.number).startswith(current.strip())]
        return [Choice(name=version_label(each), value=each.version.number) for each in found[: autocomplete.MOST]]

    @group.command(description="Use another version from the next tune on")
    @app_commands.describe(version="Its number, as /model versions shows it")
    @app_commands.autocomplete(version=suggest)
    async def rollback(interaction: discord.Interaction[Any], version: Range[int, 1, LARGEST]) -> None:
        await _check_model_admin(interaction, context)
        await interaction.response.defer(thinking=True, ephemeral=True)
        chosen = await context.retrainer.rollback(place_of(interaction), version)
        line = f"Version {chosen.number} composes from the next tune on."
        await interaction.edit_original_response(**content(line))
        await permissions.post_to_log(interaction, context, f"rollback: to version {chosen.number}")


async def _check_model_admin(interaction: discord.Interaction[Any], context: Context) -> None:
    """NotAllowed for all but the admins of servers that `[retraining] servers` names, or of the only server.

    While it names none, anyone could add the bot to a server of their own and change the model for all others.
    """
    await permissions.check_admin(interaction, context)
    if servers := context.config.retraining.servers:
        if str(interaction.guild_id) not in servers:
            raise NotAllowed("the model is looked after on another server")
    elif not await permissions.is_only_server(interaction):
        raise NotAllowed(
            "I am on several servers: whoever runs me says whose admins look after the model, in [retraining] servers"
        )
