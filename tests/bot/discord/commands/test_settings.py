"""/settings, and what it changes: channels, admins, cooldowns, defaults, the audit and the log channel."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.core.values import Place, Record, ServerSettings
from bot.discord import permissions as limits
from bot.discord.messages import settings as settings_shown
from tests.bot.discord.simulated_server import Stage, stage


def manager(on: Stage) -> Any:
    role = on.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    return on.guild.add_member(on.env.create_user("boss"), roles=[role])


def text(result: Any) -> str:
    message = result.response or result.followups[-1]
    fields = [f"{field.name}: {field.value}" for embed in message.embeds for field in embed.fields]
    return "\n".join([message.content, *fields])


async def of(on: Stage) -> ServerSettings:
    return await on.bot.settings.of(Place("discord", str(on.guild.id), "0"))


async def test_an_admin_sets_everything_and_sees_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        boss = manager(on)
        log, role = on.guild.create_text_channel("log"), on.guild.create_role("helpers")
        await boss.slash(on.channel, "settings log", channel=log)
        await boss.slash(on.channel, "settings defaults", rhythm="slip jig", temperature=0.7, form="AABB:4")
        await boss.slash(on.channel, "settings limits", cooldown=30, waiting=4, server_cooldown=3, member_waiting=2)
        await boss.slash(on.channel, "settings channels", channel=on.channel)
        told = await boss.slash(on.channel, "settings admins", role=role)
        assert told.ephemeral
        assert "Integrations" in text(told)
        channel, helpers = str(on.channel.id), str(role.id)
        limits = {"cooldown": 30, "server_cooldown": 3, "waiting": 4, "member_waiting": 2}
        wanted = ServerSettings(
            "slip jig", 0.7, "AABB:4", channels=(channel,), admin_roles=(helpers,), log_channel=str(log.id), **limits
        )
        assert await of(on) == wanted
        shown = text(await boss.slash(on.channel, "settings show"))
        for part in (
            "slip jig",
            "0.7",
            "AABB:4",
            "30 s",
            "Server queue: at most 4 prompts",
            "Member queue: at most 2 prompts",
            f"<#{channel}>",
            f"<@&{helpers}>",
            f"<#{log.id}>",
        ):
            assert part in shown
        lines = [message.content for message in log.history()]
        assert len(lines) == 5
        assert all(f"<@{boss.id}>" in line for line in lines)
        history = text(await boss.slash(on.channel, "settings history"))
        assert len(re.findall(r"\*\*boss\*\* settings", history)) == 5
        assert f"log channel: <#{log.id}>" in history
        assert "server cooldown: 3; server queue: 4; member cooldown: 30; member queue: 2" in history
        none = await boss.slash(on.channel, "settings channels", channel=on.channel, allowed=False)
        assert text(none) == "Channels: everywhere."
        await boss.slash(on.channel, "settings reset", what="Limits")
        assert ((await of(on)).channels, (await of(on)).cooldown) == ((), None)


async def test_limits_that_are_looser_than_the_bots_own_do_not_hold_and_it_says_so(tmp_path: Path) -> None:
    async with stage(tmp_path, config={"queue": {"per_member": 1}}) as on:
        boss = manager(on)
        told = text(await boss.slash(on.channel, "settings limits", cooldown=2, server_cooldown=9, member_waiting=3))
        assert told.endswith(
            "\nThe bot's own limit is stricter, and holds: member cooldown: 5 s; member queue: at most 1 prompt."
        )
        shown = text(await boss.slash(on.channel, "settings show")).splitlines()
        assert {"Member cooldown: *5 s*", "Server cooldown: 9 s", "Member queue: *at most 1 prompt*"} <= set(shown)


async def test_a_wrong_setting_is_one_line_and_changes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        boss = manager(on)
        assert "Unknown rhythm" in text(await boss.slash(on.channel, "settings defaults", rhythm="tango"))
        assert "at least one option" in text(await boss.slash(on.channel, "settings limits"))
        assert await of(on) == ServerSettings()


async def test_a_forged_interaction_of_another_member_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHOWN_TO", None)  # as if Discord showed it to all
    async with stage(tmp_path) as on:
        forged: dict[str, dict[str, Any]] = {
            "show": {},
            "history": {},
            "reset": {"what": "Limits"},
            "limits": {"cooldown": 0},
            "defaults": {"rhythm": "reel"},
            "channels": {"channel": on.channel},
            "log": {"channel": on.channel},
            "admins": {"role": on.guild.create_role("mine")},
        }
        for name, options in forged.items():
            refused = await on.ben.slash(on.channel, f"settings {name}", **options)
            assert "Only those who manage this server" in text(refused), name
        assert await of(on) == ServerSettings()
        role = on.guild.create_role("helpers")
        helper = on.guild.add_member(on.env.create_user("helper"), roles=[role])
        await manager(on).slash(on.channel, "settings admins", role=role)
        await helper.slash(on.channel, "settings limits", cooldown=60)
        assert (await of(on)).cooldown == 60
        await manager(on).slash(on.channel, "settings admins", role=role, admin=False)
        assert "Only those" in text(await helper.slash(on.channel, "settings limits", cooldown=0))


async def test_the_bot_is_asked_only_where_it_is_allowed(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        other = on.guild.create_text_channel("other")
        await manager(on).slash(on.channel, "settings channels", channel=other)
        refused = await on.ann.slash(on.channel, "compose", key="D")
        assert f"On this server I play only in <#{other.id}>" in text(refused)
        assert f"<#{other.id}>" in text(await on.ann.slash(on.channel, "top"))
        allowed = await on.ann.slash(other, "compose", key="D")
        await on.until(lambda: other.last_message.embeds)
        assert allowed.response


async def test_defaults_are_taken_where_a_member_leaves_them_out(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await manager(on).slash(on.channel, "settings defaults", rhythm="hornpipe", form="AB:4")
        await on.composed()
        await on.composed(form="AABA")
        first, second = [await on.bot.store.tunes.load(number) for number in (1, 2)]
        assert first
        assert second
        assert (first.prompt.rhythm, str(first.prompt.form)) == ("hornpipe", "AB:4")
        assert (second.prompt.rhythm, str(second.prompt.form)) == ("hornpipe", "AABA:8")


async def test_a_member_who_has_to_wait_is_told_until_when(tmp_path: Path) -> None:
    async with stage(tmp_path, cooldowns=(60.0, 0.0)) as on:
        message = await on.composed()
        for refused in (
            await on.ann.slash(on.channel, "compose", key="D"),
            await on.ann.click(message, custom_id="tune:1:again"),
        ):
            line = refused.followups[-1]
            assert line.ephemeral
            assert re.fullmatch(r"You asked a moment ago: ask again <t:\d{10}:R>", line.content)
        await on.composed(member=on.ben)


async def test_what_an_admin_deletes_is_in_the_audit_and_the_log(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        boss, log = manager(on), on.guild.create_text_channel("log")
        await boss.slash(on.channel, "settings log", channel=log)
        message, own = await on.composed(), await on.composed()
        await on.ann.click(own, custom_id="tune:2:delete")
        await boss.click(message, custom_id="tune:1:delete")
        records = await on.bot.settings.records(Place("discord", str(on.guild.id), "0"))
        assert [(record.member_name, record.action) for record in records] == [("boss", "delete"), ("boss", "settings")]
        assert records[0].detail.startswith("tune 1, Seed")
        assert "tune 1" in log.last_message.content


async def test_a_log_channel_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        closed = on.guild.create_text_channel(
            "closed", overwrites={on.guild.me: discord.PermissionOverwrite(send_messages=False, view_channel=False)}
        )
        told = await manager(on).slash(on.channel, "settings log", channel=closed)
        assert "cannot write in the log channel" in told.followups[-1].content
        assert (await of(on)).log_channel == str(closed.id)


def test_a_history_that_is_too_long_ends_with_a_whole_line() -> None:
    many = " ".join(str(10**18 + n) for n in range(25))
    record = Record("*boss*", "settings", f"channels = {many}, cooldown = 5", datetime.now(UTC))
    lines = settings_shown.history([record] * 10).splitlines()
    assert 1 < len(lines) < 10
    for line in lines:
        assert re.fullmatch(r"<t:\d+:R> \*\*\\\*boss\\\*\*\* settings: channels:( <#\d+>)+ …", line)
    assert settings_shown.history([]) == "Nothing yet."
