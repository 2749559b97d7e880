"""/report and /moderate: from a member to the log channel, and what the admins' buttons do."""

from pathlib import Path
from typing import Any

import pytest

from bot.discord import permissions
from tests.bot.discord.simulated_server import SimulatedServer, all_text, custom_ids, labels, simulated_server


async def with_log(server: SimulatedServer) -> tuple[Any, Any]:
    """An admin, and the log channel that it has set."""
    admin, log = server.member("boss", manage_guild=True), server.guild.create_text_channel("log")
    await admin.slash(server.channel, "settings log", channel=log)
    return admin, log


async def test_a_report_reaches_the_log_channel_once_with_buttons(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        _, log = await with_log(server)
        await server.composed()
        told = await server.ben.slash(server.channel, "report", id=1, subject="title", reason="it is *rude*")
        assert told.ephemeral
        assert "admins have been told" in all_text(told)
        message = log.last_message
        assert (message.content, message.embeds[0].description) == ("Tune 1 was reported.", "it is \\*rude\\*")
        assert {field.value for field in message.embeds[0].fields} == {
            *("Its title", f"<@{server.ben.id}>", "`/tune id:1`")
        }
        assert custom_ids(message) == ["report:1:remove", "report:1:like", "report:1:title"]
        assert all(labels(message))
        before = len(log.history())
        await server.ann.slash(server.channel, "report", id=1, subject="title")
        assert len(log.history()) == before
        unknown = await server.ben.slash(server.channel, "report", id=9, subject="tune")
        assert "There is no tune 9" in all_text(unknown)


async def test_an_admin_blocks_the_like_of_a_tune_from_the_log_channel(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        admin, log = await with_log(server)
        await server.composed()
        await server.ben.slash(server.channel, "report", id=1, subject="tune")
        report = log.last_message
        await server.restart()  # the button's state is in its custom_id
        refused = await server.ben.click(report, custom_id="report:1:like")
        assert "Only those who manage this server" in all_text(refused)
        await admin.click(report, custom_id="report:1:like")
        report = log.last_message
        assert report.components == []
        assert f"<@{admin.id}>: tune 1, " in report.content
        assert "none like it is given again here" in report.content
        refused = await server.ann.slash(server.channel, "compose", key="Edor")
        await server.until(lambda: "admins have blocked" in all_text(refused))
        allowed = await admin.slash(server.channel, "moderate", id=1, action="allow")
        assert "may be given again here" in all_text(allowed)
        assert "moderate: the like and the title of tune 1" in log.last_message.content
        assert await server.composed()
        history = all_text(await admin.slash(server.channel, "settings history"))
        assert "report: the tune of tune 1" in history


async def test_without_a_log_channel_a_report_is_in_the_history(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        told = await server.ben.context_menu(server.channel, "Report this tune", message)
        assert "/settings history" in all_text(told)
        admin = server.member("boss", manage_guild=True)
        assert "the tune of tune 1" in all_text(await admin.slash(server.channel, "settings history"))
        other = await server.ben.send(server.channel, "hello")
        assert "no tune in that message" in all_text(
            await server.ben.context_menu(server.channel, "Report this tune", other)
        )


async def test_others_than_admins_moderate_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "ADMIN_COMMANDS", None)  # so that the simulation shows the commands to all
    async with simulated_server(tmp_path) as server:
        await server.composed()
        refused = await server.ben.slash(server.channel, "moderate", id=1, action="remove")
        assert "Only those who manage this server" in all_text(refused)
        assert await server.bot.store.tunes.load(1)
