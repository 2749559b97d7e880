"""Where the bot may be asked, and what it needs there."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import discord
import pytest

from bot.core.errors import NotAllowed
from bot.core.values import ServerSettings
from bot.discord import permissions as limits
from bot.discord.delivery.asking import NEEDED, check_permissions
from bot.discord.messages import wording
from tests.bot.discord.simulated_server import stage

CHANNEL, THREAD = 3000, 3001


class Settings:
    async def of(self, _place: Any) -> ServerSettings:
        return ServerSettings(channels=(str(CHANNEL),))


def asked_in(channel: Any, permissions: discord.Permissions = NEEDED, known: bool = True) -> Any:
    """An interaction in a channel of a server, which the bot was added to where it is `known`."""
    client = SimpleNamespace(get_guild=lambda _: object() if known else None)
    user = SimpleNamespace(id=7, display_name="ann")
    where = {"guild_id": 1, "channel_id": channel.id, "channel": channel}
    return SimpleNamespace(client=client, user=user, app_permissions=permissions, **where)


def thread() -> Any:
    found = Mock(spec=discord.Thread)
    found.id, found.parent_id = THREAD, CHANNEL
    return found


def test_permissions_are_named_as_discord_names_them() -> None:
    missing = discord.Permissions(view_channel=True, send_messages_in_threads=True, embed_links=True)
    assert wording.named(missing) == "View Channel, Embed Links and Send Messages in Threads"
    assert wording.named(discord.Permissions(view_channel=True)) == "View Channel"


def test_a_thread_has_a_permission_of_its_own() -> None:
    for allowed, lacking in (("send_messages", "Send Messages in Threads"), ("send_messages_in_threads", "")):
        permissions = discord.Permissions(view_channel=True, embed_links=True, attach_files=True, **{allowed: True})
        if not lacking:
            check_permissions(asked_in(thread(), permissions))
            continue
        with pytest.raises(NotAllowed, match=lacking):
            check_permissions(asked_in(thread(), permissions))


def test_an_app_of_its_users_alone_answers_with_their_permissions() -> None:
    channel = SimpleNamespace(id=CHANNEL)
    check_permissions(asked_in(channel, discord.Permissions.none(), known=False))
    with pytest.raises(NotAllowed, match="View Channel"):
        check_permissions(asked_in(channel, discord.Permissions.none()))


async def test_threads_are_where_their_channel_is() -> None:
    parts: Any = SimpleNamespace(settings=Settings())
    await limits.admit(asked_in(thread()), parts)
    await limits.admit(asked_in(SimpleNamespace(id=CHANNEL)), parts)
    with pytest.raises(NotAllowed, match=f"<#{CHANNEL}>"):
        await limits.admit(asked_in(SimpleNamespace(id=3002)), parts)


async def test_a_channel_without_permissions_is_told_which(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        lacking = discord.PermissionOverwrite(attach_files=False, embed_links=False)
        channel = on.guild.create_text_channel("strict", overwrites={on.guild.default_role: lacking})
        commands: dict[str, dict[str, Any]] = {
            "compose": {"key": "D"},
            "tune": {"id": 1},
            "tunebook": {"whose": "server"},
        }
        for name, options in commands.items():
            result = await on.ann.slash(channel, name, **options)
            assert result.ephemeral
            assert "Embed Links and Attach Files" in result.response.content, name
