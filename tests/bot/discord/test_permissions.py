"""The bot's permissions in a channel, the channels that settings allow, and who is an admin."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import discord
import pytest

from bot.core.errors import NotAllowed
from bot.core.values import ServerSettings
from bot.discord.permissions import (
    REQUIRED,
    check_admin,
    check_bot_permissions,
    check_channel,
    is_admin,
    permission_names,
)

CHANNEL, THREAD, ROLE = 3000, 3001, 50


class Settings:
    """Allows one channel, and has one admin role."""

    async def of(self, _place: Any) -> ServerSettings:
        return ServerSettings(channels=(str(CHANNEL),), admin_roles=(str(ROLE),))


CONTEXT: Any = SimpleNamespace(settings=Settings())


def interaction(
    channel: Any = None, app_permissions: discord.Permissions = REQUIRED, known: bool = True, **fields: Any
) -> Any:
    """An interaction in a channel of a server; the bot was added to the server if it is `known`."""
    channel = channel or SimpleNamespace(id=CHANNEL)
    usual = {
        "client": SimpleNamespace(get_guild=lambda _: object() if known else None),
        "user": SimpleNamespace(id=7, name="ann", global_name=None),
        "guild_id": 1,
        "channel_id": channel.id,
        "channel": channel,
        "app_permissions": app_permissions,
        "permissions": discord.Permissions.none(),
    }
    return SimpleNamespace(**{**usual, **fields})


def thread() -> Any:
    found = Mock(spec=discord.Thread)
    found.id, found.parent_id = THREAD, CHANNEL
    return found


def member(*roles: int) -> Any:
    found = Mock(spec=discord.Member, id=7, global_name="ann")
    found.get_role = lambda role: object() if role in roles else None
    return found


def test_permissions_are_named_as_discord_names_them() -> None:
    missing = discord.Permissions(view_channel=True, send_messages_in_threads=True, embed_links=True)
    assert permission_names(missing) == "View Channel, Embed Links and Send Messages in Threads"
    assert permission_names(discord.Permissions(view_channel=True)) == "View Channel"


@pytest.mark.parametrize(
    ("channel", "needed", "useless"),
    [(thread(), "send_messages_in_threads", "send_messages"), (None, "send_messages", "send_messages_in_threads")],
    ids=["thread", "channel"],
)
def test_threads_have_a_permission_of_their_own(channel: Any, needed: str, useless: str) -> None:
    others = discord.Permissions(view_channel=True, embed_links=True, attach_files=True)
    granted, lacking = discord.Permissions(others.value), discord.Permissions(others.value)
    granted.update(**{needed: True})
    lacking.update(**{useless: True})
    check_bot_permissions(interaction(channel, granted))
    name = permission_names(discord.Permissions(**{needed: True}))
    with pytest.raises(NotAllowed, match=f"in this channel: {name}\\."):
        check_bot_permissions(interaction(channel, lacking))


def test_a_user_install_answers_with_the_permissions_of_its_user() -> None:
    check_bot_permissions(interaction(app_permissions=discord.Permissions.none(), known=False))
    with pytest.raises(NotAllowed, match="View Channel"):
        check_bot_permissions(interaction(app_permissions=discord.Permissions.none()))


async def test_a_thread_is_allowed_where_its_channel_is() -> None:
    await check_channel(interaction(thread()), CONTEXT)
    await check_channel(interaction(), CONTEXT)
    with pytest.raises(NotAllowed, match=f"<#{CHANNEL}>"):
        await check_channel(interaction(SimpleNamespace(id=3002)), CONTEXT)


async def test_direct_messages_have_no_settings_that_forbid_them() -> None:
    await check_channel(interaction(SimpleNamespace(id=3002), guild_id=None), CONTEXT)


@pytest.mark.parametrize(
    ("fields", "admin"),
    [
        ({"permissions": discord.Permissions(manage_guild=True)}, True),
        ({"user": member(ROLE)}, True),
        ({"user": member(ROLE + 1)}, False),
        ({}, False),
        ({"permissions": discord.Permissions(manage_guild=True), "guild_id": None}, False),
    ],
    ids=["manages the server", "has the role", "has another role", "neither", "direct message"],
)
async def test_admins_manage_the_server_or_have_an_admin_role(fields: dict[str, Any], admin: bool) -> None:
    assert await is_admin(interaction(**fields), CONTEXT) is admin
    if not admin:
        with pytest.raises(NotAllowed):
            await check_admin(interaction(**fields), CONTEXT)
