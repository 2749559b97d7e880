"""/settings: what admins set, what others are refused, the audit and the log channel."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.core.values import Place, ServerSettings
from bot.discord import permissions
from tests.bot.discord.simulated_server import SimulatedServer, all_text, simulated_server


def place(server: SimulatedServer) -> Place:
    return Place("discord", str(server.guild.id), "0")


async def settings_of(server: SimulatedServer) -> ServerSettings:
    return await server.bot.settings.of(place(server))


async def test_an_admin_sets_everything_and_sees_it(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        admin = server.member("boss", manage_guild=True)
        log, role = server.guild.create_text_channel("log"), server.guild.create_role("helpers")
        await admin.slash(server.channel, "settings log", channel=log)
        await admin.slash(server.channel, "settings defaults", rhythm="slip jig", temperature=0.7, form="AABB:4")
        limits = {"cooldown": 30, "server_cooldown": 3, "waiting": 4, "member_waiting": 2}
        await admin.slash(server.channel, "settings limits", **limits)
        await admin.slash(server.channel, "settings channels", channel=server.channel)
        result = await admin.slash(server.channel, "settings admins", role=role)
        assert result.ephemeral
        assert "Integrations" in all_text(result)
        chosen = ServerSettings(
            "slip jig",
            0.7,
            "AABB:4",
            channels=(str(server.channel.id),),
            admin_roles=(str(role.id),),
            log_channel=str(log.id),
        )
        found = await settings_of(server)
        assert {name: getattr(found, name) for name in limits} == limits
        assert replace(found, cooldown=None, server_cooldown=None, waiting=None, member_waiting=None) == chosen
        table = all_text(await admin.slash(server.channel, "settings show"))
        for line in (
            "Rhythm: slip jig",
            "Temperature: 0.7",
            "Form: AABB:4",
            "Member cooldown: 30 s",
            "Server queue: at most 4 prompts",
            "Member queue: at most 2 prompts",
            f"Channels: <#{server.channel.id}>",
            f"Admin roles: <@&{role.id}>",
            f"Log channel: <#{log.id}>",
        ):
            assert line in table.splitlines()
        lines = [message.content for message in log.history()]
        assert len(lines) == 5
        assert all(f"<@{admin.id}>" in line for line in lines)
        history = all_text(await admin.slash(server.channel, "settings history"))
        assert len(re.findall(r"\*\*boss\*\* settings", history)) == 5
        assert f"log channel: <#{log.id}>" in history
        assert "server cooldown: 3; server queue: 4; member cooldown: 30; member queue: 2" in history
        none = await admin.slash(server.channel, "settings channels", channel=server.channel, allowed=False)
        assert all_text(none) == "Channels: everywhere."
        await admin.slash(server.channel, "settings reset", what="Limits")
        settings = await settings_of(server)
        assert (settings.channels, settings.cooldown) == ((), None)


async def test_limits_that_are_looser_than_the_bots_own_do_not_apply_and_the_reply_says_so(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, config={"queue": {"per_member": 1}}) as server:
        admin = server.member("boss", manage_guild=True)
        limits = {"cooldown": 2, "server_cooldown": 9, "member_waiting": 3}
        reply = all_text(await admin.slash(server.channel, "settings limits", **limits))
        assert reply.endswith(
            "\nThe bot's own limit is stricter, and holds: member cooldown: 5 s; member queue: at most 1 prompt."
        )
        table = all_text(await admin.slash(server.channel, "settings show")).splitlines()
        assert {"Member cooldown: *5 s*", "Server cooldown: 9 s", "Member queue: *at most 1 prompt*"} <= set(table)


async def test_a_wrong_setting_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        admin = server.member("boss", manage_guild=True)
        wrong = await admin.slash(server.channel, "settings defaults", rhythm="tango")
        assert "Unknown rhythm" in all_text(wrong)
        assert "at least one option" in all_text(await admin.slash(server.channel, "settings limits"))
        assert await settings_of(server) == ServerSettings()


async def test_a_forged_interaction_of_another_member_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permissions, "ADMIN_COMMANDS", None)  # so that the simulation shows the commands to all
    async with simulated_server(tmp_path) as server:
        forged: dict[str, dict[str, Any]] = {
            "show": {},
            "history": {},
            "reset": {"what": "Limits"},
            "limits": {"cooldown": 0},
            "defaults": {"rhythm": "reel"},
            "channels": {"channel": server.channel},
            "log": {"channel": server.channel},
            "admins": {"role": server.guild.create_role("mine")},
        }
        for name, options in forged.items():
            refused = await server.ben.slash(server.channel, f"settings {name}", **options)
            assert "Only those who manage this server" in all_text(refused), name
        assert await settings_of(server) == ServerSettings()


async def test_a_member_with_an_admin_role_may_change_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "ADMIN_COMMANDS", None)  # as an admin can have Discord show them to a role
    async with simulated_server(tmp_path) as server:
        role = server.guild.create_role("helpers")
        helper = server.guild.add_member(server.env.create_user("helper"), roles=[role])
        admin = server.member("boss", manage_guild=True)
        await admin.slash(server.channel, "settings admins", role=role)
        await helper.slash(server.channel, "settings limits", cooldown=60)
        assert (await settings_of(server)).cooldown == 60
        await admin.slash(server.channel, "settings admins", role=role, admin=False)
        refused = await helper.slash(server.channel, "settings limits", cooldown=0)
        assert "Only those who manage this server" in all_text(refused)


async def test_a_log_channel_that_the_bot_cannot_write_to_is_reported(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        hidden = discord.PermissionOverwrite(send_messages=False, view_channel=False)
        closed = server.guild.create_text_channel("closed", overwrites={server.guild.me: hidden})
        admin = server.member("boss", manage_guild=True)
        result = await admin.slash(server.channel, "settings log", channel=closed)
        assert "cannot write in the log channel" in result.followups[-1].content
        assert (await settings_of(server)).log_channel == str(closed.id)
