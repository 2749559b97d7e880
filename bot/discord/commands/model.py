"""/model: what an admin sees of the model and does with it: learn from the votes, go back to another version."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.core.errors import NotAllowed
from bot.core.values import Message
from bot.discord import permissions
from bot.discord.context import Context, place_of
from bot.discord.delivery.asking import check_permissions
from bot.discord.messages import model as model_shown
from bot.retraining.retrainer import MOST_VOTES

LARGEST = 2**31 - 1
RECEIVED = "Getting ready to learn…"


def add(tree: app_commands.CommandTree[Any], parts: Context) -> None:
    """Put /model and what belongs to it into the tree."""
    group = permissions.admins_group(tree, "model", "The model: learn from votes, versions")
    _add_reading(group, parts)
    _add_learning(group, parts)
    _add_rollback(group, parts)


def _add_reading(group: app_commands.Group, parts: Context) -> None:
    @group.command(description="What composes: version and workers; what is being learned")
    async def status(interaction: discord.Interaction[Any]) -> None:
        await _admit(interaction, parts)
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.edit_original_response(embed=model_shown.status(await parts.retrainer.status()))

    @group.command(description="All versions: when, who, from how many votes, and how they are liked")
    async def versions(interaction: discord.Interaction[Any]) -> None:
        await _admit(interaction, parts)
        await interaction.response.defer(thinking=True, ephemeral=True)
        await interaction.edit_original_response(embed=model_shown.versions(await parts.retrainer.versions()))


def _add_learning(group: app_commands.Group, parts: Context) -> None:
    @group.command(description="Learn from the votes; what passes every test composes from then on")
    @app_commands.describe(
        minimum_votes="With fewer votes nothing is learned", dry_run="Test what was learned, and change nothing"
    )
    async def retrain(
        interaction: discord.Interaction[Any],
        minimum_votes: Range[int, 1, MOST_VOTES] | None = None,
        dry_run: bool = False,
    ) -> None:
        await _admit(interaction, parts)
        check_permissions(interaction)
        await interaction.response.defer(thinking=True)
        shown = await interaction.edit_original_response(content=RECEIVED)
        message = Message(str(interaction.channel_id), str(shown.id))
        begun = await parts.retrainer.start(place_of(interaction), minimum_votes, dry_run, message)
        await permissions.tell_log(interaction, parts, f"retrain: began retraining {begun.id}")

    @group.command(description="Stop what is being learned; nothing changes")
    async def cancel(interaction: discord.Interaction[Any]) -> None:
        await _admit(interaction, parts)
        await interaction.response.defer(thinking=True, ephemeral=True)
        cancelled = await parts.retrainer.cancel(place_of(interaction))
        line = f"Retraining {cancelled.id} is cancelled; nothing has changed."
        await interaction.edit_original_response(content=line)
        await permissions.tell_log(interaction, parts, f"retrain: cancelled retraining {cancelled.id}")


def _add_rollback(group: app_commands.Group, parts: Context) -> None:
    async def suggest(interaction: discord.Interaction[Any], current: str) -> list[Choice[int]]:
        if not await permissions.is_admin(interaction, parts):
            return []
        there = [each for each in await parts.retrainer.versions() if not each.version.pruned_at and not each.current]
        found = [each for each in there if str(each.version.number).startswith(current.strip())]
        return [Choice(name=model_shown.described(each), value=each.version.number) for each in found[:25]]

    @group.command(description="Use another version from the next tune on")
    @app_commands.describe(version="Its number, as /model versions shows it")
    @app_commands.autocomplete(version=suggest)
    async def rollback(interaction: discord.Interaction[Any], version: Range[int, 1, LARGEST]) -> None:
        await _admit(interaction, parts)
        await interaction.response.defer(thinking=True, ephemeral=True)
        chosen = await parts.retrainer.rollback(place_of(interaction), version)
        await interaction.edit_original_response(content=f"Version {chosen.number} composes from the next tune on.")
        await permissions.tell_log(interaction, parts, f"rollback: to version {chosen.number}")


async def _admit(interaction: discord.Interaction[Any], parts: Context) -> None:
    """NotAllowed for all but admins, and those of other servers than `[retraining] servers` names.

    While it names none, whoever adds a bot on several servers to one of their own must not rule the others' model.
    """
    await permissions.only_admins(interaction, parts)
    servers = parts.config.retraining.servers
    if not servers and len(interaction.client.guilds) > 1:
        raise NotAllowed(
            "I am on several servers: whoever runs me says whose admins look after the model, in [retraining] servers"
        )
    if servers and str(interaction.guild_id) not in servers:
        raise NotAllowed("the model is looked after on another server")
