"""The bot in a direct message: a conversation is a server of its own, with nobody to manage it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import discord

from tests.bot.discord.simulated_server import TIMING, SimulatedServer, files, labels, simulated_server


def newest_with_tunes(user: Any) -> discord.Message | None:
    """The newest message of the conversation, if it shows a tune."""
    message: discord.Message | None = user.dm_channel.last_message
    return message if message and message.embeds else None


async def composed(server: SimulatedServer, user: Any, **options: Any) -> discord.Message:
    await user.slash("compose", **{"key": "Edor", **options})
    message: discord.Message = await server.until(lambda: newest_with_tunes(user))
    return message


async def test_a_tune_comes_with_its_files_and_buttons(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        dora = server.env.create_user("dora")
        message = await composed(server, dora, seed=7)
        assert sorted(files(message)) == ["abc", "mid", "mp3", "png"]
        await dora.click(message, custom_id="tune:1:up")
        assert labels(dora.dm_channel.last_message)[:2] == ["1", "0"]
        again = await dora.click(message, custom_id="tune:1:again")
        newest = await server.until(
            lambda: dora.dm_channel.last_message.id == again.response.id and newest_with_tunes(dora)
        )
        assert newest.id != message.id
        await dora.click(message, custom_id="tune:1:delete")
        first = next(each for each in dora.dm_channel.history() if each.id == message.id)
        assert "was deleted" in first.content


async def test_leaderboards_and_tunebooks_are_those_of_the_conversation(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await server.ann.click(await server.composed(), custom_id="tune:1:up")
        dora = server.env.create_user("dora")
        message = await composed(server, dora, seed=7)
        await dora.click(message, custom_id="tune:2:up")
        top = await dora.slash("top")
        assert top.response.embeds[0].description.count("👍") == 1
        mine = await dora.slash("mine")
        assert mine.response.embeds[0].description.count("•") == 1
        book = await dora.slash("tunebook", whose="server")
        assert len(book.response.attachments) == 2


async def test_the_commands_for_admins_are_not_there(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        names = server.env.create_user("dora").available_commands()
        assert not any(name.startswith(("settings", "model")) for name in names)
        assert {"compose", "tune", "top", "mine", "tunebook", "help"} <= set(names)


async def test_keys_are_suggested(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        dora = server.env.create_user("dora")
        assert await dora.autocomplete("compose", "key", "e do") == [{"name": "E dorian", "value": "Edor"}]


async def test_a_late_tune_comes_as_a_message_of_its_own(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, timing=replace(TIMING, interaction_lifetime=0.0)) as server:
        dora = server.env.create_user("dora")
        message = await composed(server, dora)
        assert dora.mention in message.content
        await server.until(lambda: len(dora.dm_channel.history()) == 1)
        await server.undelivered(0)
