"""Permissions: those that the bot needs in a channel, the channels where it may be asked, and who is an admin.

How often a member may ask is decided in bot.composing.rate_limits.
"""

import asyncio
import logging
from typing import Any

import discord
from discord import app_commands

from bot.core.errors import NotAllowed
from bot.discord.bounds import content
from bot.discord.context import Context, is_user_install, place_of
from bot.discord.errors import escaped
from bot.discord.refusals import UNREACHABLE
from bot.library import server_settings

log = logging.getLogger(__name__)

GUILDS_TIMEOUT = 1.5  # seconds, of the three in which a command has to be acknowledged
REQUIRED = discord.Permissions(
    view_channel=True, send_messages=True, send_messages_in_threads=True, embed_links=True, attach_files=True
)
ADMIN_COMMANDS = discord.Permissions(manage_guild=True)  # to whom Discord shows them; the commands check for themselves
# a missing permission, a deleted channel or an outage must not fail the command whose action is logged
_LOG_FAILURES = (discord.HTTPException, OSError, TimeoutError)
_NAMES = {  # where Discord's settings call a permission otherwise than discord.py
    "read_messages": "View Channel",
    "send_messages_in_threads": "Send Messages in Threads",
}


def check_bot_permissions(interaction: discord.Interaction[Any]) -> None:
    """NotAllowed, naming the permissions that the bot lacks in this channel of a server that has added it."""
    if not interaction.guild_id or is_user_install(interaction):
        return  # it answers with the member's permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = discord.Permissions(REQUIRED.value)
    needed.update(send_messages=not in_thread, send_messages_in_threads=in_thread)
    missing = discord.Permissions(needed.value & ~interaction.app_permissions.value)
    if missing.value:
        names = permission_names(missing)
        raise NotAllowed(f"I need these permissions in this channel: {names}. Ask an admin of the server")


def permission_names(permissions: discord.Permissions) -> str:
    """Names of permissions as Discord's settings show them: `Embed Links and Attach Files`."""
    names = [_NAMES.get(name) or name.replace("_", " ").title() for name, granted in permissions if granted]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def admin_group(tree: app_commands.CommandTree[Any], name: str, description: str) -> app_commands.Group:
    """A group of commands, for servers only, that Discord shows to those who manage the server."""
    group = app_commands.Group(
        name=name,
        description=description,
        default_permissions=ADMIN_COMMANDS,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    tree.add_command(group)
    return group


async def check_channel(interaction: discord.Interaction[Any], context: Context) -> None:
    """NotAllowed where the server's settings name channels and this is none of them; the error lists them."""
    allowed = (await context.settings.of(place_of(interaction))).channels if interaction.guild_id else ()
    here = {str(interaction.channel_id), str(getattr(interaction.channel, "parent_id", None))}  # threads have parents
    if allowed and not here.intersection(allowed):
        raise NotAllowed(f"on this server I play only in {', '.join(f'<#{channel}>' for channel in allowed)}")


async def is_admin(interaction: discord.Interaction[Any], context: Context) -> bool:
    """Whether the member manages the server, or has a role that its settings name. Discord signs both."""
    if not interaction.guild_id:
        return False
    if interaction.permissions.manage_guild:
        return True
    roles = (await context.settings.of(place_of(interaction))).admin_roles
    member = interaction.user
    return isinstance(member, discord.Member) and any(member.get_role(int(role)) for role in roles)


async def check_admin(interaction: discord.Interaction[Any], context: Context) -> None:
    """NotAllowed for anyone else, also one whose client shows the command nevertheless."""
    if not interaction.guild_id:
        raise NotAllowed("a server has settings, a conversation has none")
    if not await is_admin(interaction, context):
        raise NotAllowed("only those who manage this server, or have a role that /settings names, may do that")


async def is_only_server(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot is on this server alone, by Discord's own list. NotAllowed while that cannot be had.

    What this process knows is no answer: those are the servers of its own shards, and of those connected so far.
    """
    if len(interaction.client.guilds) > 1:
        return False
    try:
        async with asyncio.timeout(GUILDS_TIMEOUT):
            guilds = [guild.id async for guild in interaction.client.fetch_guilds(limit=2, with_counts=False)]
    except (discord.HTTPException, *UNREACHABLE) as error:
        log.warning("Discord did not say on which servers the bot is: %s", error or type(error).__name__)
        raise NotAllowed("Discord does not say just now on which servers I am: try again in a minute") from error
    return guilds == [interaction.guild_id]


async def default_options(interaction: discord.Interaction[Any], context: Context) -> dict[str, Any]:
    """The options of /compose, by name, that this server sets for members who omit them."""
    return server_settings.defaults(await context.settings.of(place_of(interaction)))


async def record_action(interaction: discord.Interaction[Any], context: Context, action: str, detail: str) -> None:
    """Record what an admin did in the audit and in the server's log channel; settings record their own changes."""
    await context.settings.record(place_of(interaction), action, detail)
    await post_to_log(interaction, context, f"{action}: {detail}")


async def post_to_log(interaction: discord.Interaction[Any], context: Context, line: str) -> bool:
    """Post what an admin did to the server's log channel, if it has one; False where posting failed."""
    message = content(f"{interaction.user.mention} {escaped(line)}")
    return await send_to_log(interaction, context, **message) is not False


async def send_to_log(interaction: discord.Interaction[Any], context: Context, **message: Any) -> bool | None:
    """Send a message, as for `send`, to the server's log channel. None where it has none, False where that failed."""
    channel_id = (await context.settings.of(place_of(interaction))).log_channel
    if channel_id is None:
        return None
    channel = interaction.client.get_partial_messageable(int(channel_id), guild_id=interaction.guild_id)
    try:
        await channel.send(**message)
    except _LOG_FAILURES:
        return False  # the audit has it
    return True
