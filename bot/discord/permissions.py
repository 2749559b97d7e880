"""Who may ask, where, and who is an admin. How often is for bot.composing.rate_limits to say."""

from typing import Any

import discord
from discord import app_commands

from bot.core.errors import NotAllowed
from bot.discord.context import Context, place_of
from bot.discord.errors import escaped
from bot.library import server_settings

SHOWN_TO = discord.Permissions(manage_guild=True)  # by Discord; the commands check for themselves
# what a missing right, a deleted channel or an outage on the way to the log channel may not spoil
_QUIET = (discord.HTTPException, OSError, TimeoutError)


def admins_group(tree: app_commands.CommandTree[Any], name: str, description: str) -> app_commands.Group:
    """A group of commands in a server, that Discord shows to those who manage it."""
    group = app_commands.Group(
        name=name,
        description=description,
        default_permissions=SHOWN_TO,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    tree.add_command(group)
    return group


async def admit(interaction: discord.Interaction[Any], parts: Context) -> None:
    """May the bot be asked to compose here? NotAllowed names the channels where it may."""
    allowed = (await parts.settings.of(place_of(interaction))).channels if interaction.guild_id else ()
    here = {str(interaction.channel_id), str(getattr(interaction.channel, "parent_id", None))}  # threads have parents
    if allowed and not here.intersection(allowed):
        raise NotAllowed(f"on this server I play only in {', '.join(f'<#{channel}>' for channel in allowed)}")


async def is_admin(interaction: discord.Interaction[Any], parts: Context) -> bool:
    """Whether the member manages the server, or has a role that its settings name. Discord signs both."""
    if not interaction.guild_id:
        return False
    if interaction.permissions.manage_guild:
        return True
    named = (await parts.settings.of(place_of(interaction))).admin_roles
    member = interaction.user
    return isinstance(member, discord.Member) and any(member.get_role(int(role)) for role in named)


async def only_admins(interaction: discord.Interaction[Any], parts: Context) -> None:
    """NotAllowed for anyone else, also one whose client shows the command nevertheless."""
    if not interaction.guild_id:
        raise NotAllowed("a server has settings, a conversation has none")
    if not await is_admin(interaction, parts):
        raise NotAllowed("only those who manage this server, or have a role that /settings names, may do that")


async def defaults(interaction: discord.Interaction[Any], parts: Context) -> dict[str, Any]:
    """The options of /compose that this server sets for those who leave them out, by name."""
    return server_settings.defaults(await parts.settings.of(place_of(interaction)))


async def record(interaction: discord.Interaction[Any], parts: Context, action: str, detail: str) -> None:
    """Put what an admin did beside changing settings into the audit, and tell the log channel."""
    await parts.settings.record(place_of(interaction), action, detail)
    await tell_log(interaction, parts, f"{action}: {detail}")


async def tell_log(interaction: discord.Interaction[Any], parts: Context, line: str) -> bool:
    """Show a line on what an admin did in the server's log channel; False where that cannot be written to."""
    channel_id = (await parts.settings.of(place_of(interaction))).log_channel
    if channel_id is None:
        return True
    channel = interaction.client.get_partial_messageable(int(channel_id), guild_id=interaction.guild_id)
    try:
        await channel.send(f"{interaction.user.mention} {escaped(line)}"[:2000])
    except _QUIET:
        return False  # the audit has it
    return True
