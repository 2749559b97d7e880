"""The way of an answer to Discord: what is in its way, and what it may not do there."""

from pathlib import Path
from typing import Any

import discord
import pytest

from bot.discord.delivery import prompt_message
from tests.bot.discord.commands.test_compose import said
from tests.bot.discord.request_check import Request
from tests.bot.discord.simulated_server import files, stage


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_message, "EVERY", 0.05)
    monkeypatch.setattr(prompt_message, "RETRIES", (0.01,) * 5)


async def test_an_answer_that_timed_out_is_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = discord.Interaction.edit_original_response
    tries: list[Any] = []

    async def slow(self: Any, **arguments: Any) -> Any:
        if arguments.get("embeds") and len(tries) < 2:
            tries.append(arguments)
            raise TimeoutError
        return await edit(self, **arguments)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", slow)
    async with stage(tmp_path) as on:
        assert len(files(await on.composed())) == 4
        assert len(tries) == 2
        await on.owed(0)


async def test_audio_stays_within_what_the_interaction_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = discord.Interaction._from_data

    def strict(self: Any, data: Any) -> None:
        read(self, data)
        self.filesize_limit = 5

    monkeypatch.setattr(discord.Interaction, "_from_data", strict)
    async with stage(tmp_path) as on:
        message = await on.composed()
        assert files(message) == ["png", "mid", "abc"]
        assert "larger than Discord takes here" in message.content
        shown = await on.ben.slash(on.channel, "tune", id=1)
        assert files(shown.response) == ["png", "mid", "abc"]


async def test_an_answer_that_is_too_large_all_the_same_comes_without_audio(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.bot.renderer.go.clear()
        result = await on.ann.slash(on.channel, "compose", key="D")
        await on.until(lambda: said(on, result.response.id, "engraving"))
        on.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005, message="Request entity too large")
        on.bot.renderer.go.set()
        message = await on.until(lambda: on.shown(result.response.id))
        assert files(message) == ["png", "mid", "abc"]
        assert "larger than Discord takes here" in message.content


async def test_no_message_may_mention_anybody(tmp_path: Path, requests: list[Request]) -> None:
    async with stage(tmp_path) as on:
        role = on.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
        boss = on.guild.add_member(on.env.create_user("@everyone"), roles=[role])
        await boss.slash(on.channel, "settings log", channel=on.guild.create_text_channel("log"))
        message = await on.composed(member=boss)
        await boss.click(message, custom_id="tune:1:up")
        await on.ann.slash(on.channel, "top")
        await boss.slash(on.channel, "settings admins", role=role)
    bodies = [body.get("data") or body for body in (each.body for each in requests) if isinstance(body, dict)]
    worded = [body for body in bodies if body.get("content") or body.get("embeds")]
    assert len(worded) > 5
    assert [body for body in worded if body.get("allowed_mentions") != {"parse": []}] == []
