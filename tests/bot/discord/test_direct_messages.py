"""The bot in a direct message: a conversation is a server of its own, with nobody to manage it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.discord.delivery import prompt_message
from tests.bot.discord.simulated_server import Stage, files, labels, stage


def shown(user: Any) -> discord.Message | None:
    """The newest message of the conversation, once it shows a tune."""
    message: discord.Message | None = user.dm_channel.last_message
    return message if message and message.embeds else None


async def composed(on: Stage, user: Any, **options: Any) -> discord.Message:
    await user.slash("compose", **{"key": "Edor", **options})
    message: discord.Message = await on.until(lambda: shown(user))
    return message


async def test_a_tune_comes_with_its_files_and_buttons(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        dora = on.env.create_user("dora")
        message = await composed(on, dora, seed=7)
        assert sorted(files(message)) == ["abc", "mid", "mp3", "png"]
        await dora.click(message, custom_id="tune:1:up")
        assert labels(dora.dm_channel.last_message)[:2] == ["1", "0"]
        again = await dora.click(message, custom_id="tune:1:again")
        await on.until(lambda: dora.dm_channel.last_message.id == again.response.id and shown(dora))
        await dora.click(message, custom_id="tune:1:delete")
        first = next(each for each in dora.dm_channel.history() if each.id == message.id)
        assert "was deleted" in first.content


async def test_lists_and_books_are_those_of_the_conversation(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await on.ann.click(await on.composed(), custom_id="tune:1:up")
        dora = on.env.create_user("dora")
        message = await composed(on, dora, seed=7)
        await dora.click(message, custom_id="tune:2:up")
        top = await dora.slash("top")
        assert top.response.embeds[0].description.count("👍") == 1
        mine = await dora.slash("mine")
        assert mine.response.embeds[0].description.count("•") == 1
        book = await dora.slash("tunebook", whose="server")
        assert len(book.response.attachments) == 2


async def test_there_is_nothing_to_manage(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        dora = on.env.create_user("dora")
        assert not any(name.startswith("settings") for name in dora.available_commands())
        assert {"compose", "tune", "top", "mine", "tunebook", "help"} <= set(dora.available_commands())


async def test_keys_are_suggested(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        dora = on.env.create_user("dora")
        assert await dora.autocomplete("compose", "key", "e do") == [{"name": "E dorian", "value": "Edor"}]


async def test_a_late_tune_comes_as_a_message_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_message, "RUNS_OUT", timedelta(0))
    async with stage(tmp_path) as on:
        dora = on.env.create_user("dora")
        message = await composed(on, dora)
        assert dora.mention in message.content
        await on.until(lambda: len(dora.dm_channel.history()) == 1)
        await on.owed(0)
