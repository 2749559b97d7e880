"""Clicks on the buttons and select menus under tunes, by anybody and at any time."""

from pathlib import Path

import discord
import pytest
from simcord import InteractionResult

from bot.core.rendering import Playing
from bot.core.values import Place
from bot.discord.messages import button_clicks
from tests.bot.discord.simulated_server import SimulatedServer, all_text, custom_ids, labels, simulated_server


def votes(server: SimulatedServer, message: discord.Message) -> list[str | None]:
    """The counts on the vote buttons of a message, as it is now."""
    now = server.message(message.id)
    assert now
    return labels(now)[:2]


async def delete_elsewhere(server: SimulatedServer, tune_id: int) -> None:
    """Delete a tune of Ann's, as under another message that shows it."""
    await server.bot.composer.library.delete(tune_id, Place("discord", str(server.guild.id), str(server.ann.id)))


async def test_a_vote_counts_changes_and_is_withdrawn(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        for member, action, counts in (
            (server.ann, "up", ["1", "0"]),
            (server.ben, "up", ["2", "0"]),
            (server.ann, "down", ["1", "1"]),
            (server.ann, "down", ["1", "0"]),
        ):
            await member.click(message, custom_id=f"tune:1:{action}")
            assert votes(server, message) == counts
        now = server.message(message.id)
        assert now
        assert now.embeds
        assert now.attachments


async def test_again_and_vary_compose_for_the_member_who_clicks(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed(seed=7)
        for action in ("again", "vary"):
            await server.answered(await server.ben.click(message, custom_id=f"tune:1:{action}"))
        again, vary = [await server.bot.composer.library.tune(number, server.place) for number in (2, 3)]
        assert again.member_name == vary.member_name == "ben"
        assert (again.prompt.key, again.prompt.rhythm) == (vary.prompt.key, vary.prompt.rhythm)
        assert again.prompt.seed != 7
        assert (again.varied_from, vary.varied_from, vary.prompt.vary) == (None, 1, "parts")


async def test_abc_is_shown_to_the_member_who_clicks(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        result = await server.ben.click(message, custom_id="tune:1:abc")
        assert result.ephemeral
        assert result.response.content == "```\nabc\n```"
        assert result.response.attachments[0].filename.endswith(".abc")


async def test_listen_gives_recordings_of_the_same_tune_to_the_member_who_clicks(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed(rhythm="reel")
        result = await server.ben.click(message, custom_id="tune:1:listen")
        assert result.ephemeral
        assert [file.filename.rsplit(".")[-1] for file in result.response.attachments] == ["mp3"]
        assert menus(result) == ["play:1:tempo:::1", "play:1:instrument:::1", "play:1:band:::1"]
        for menu, chosen in enumerate(("125", "flute", "no")):
            result = await server.ben.select(result.response, [chosen], custom_id=menus(result)[menu])
        assert menus(result)[0] == "play:1:tempo:125:flute:0"
        assert server.bot.renderer.played[-3:] == [Playing(125), Playing(125, "flute"), Playing(125, "flute", False)]


def menus(result: InteractionResult) -> list[str]:
    assert result.response is not None
    return [item["custom_id"] for row in result.response.components for item in row["components"]]


async def test_abc_that_is_longer_than_a_message_is_a_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(button_clicks, "LONGEST_ABC", 2)
    async with simulated_server(tmp_path) as server:
        result = await server.ben.click(await server.composed(), custom_id="tune:1:abc")
        assert result.response.content == ""
        assert len(result.response.attachments) == 1


async def test_a_tune_is_deleted_by_its_composer_or_an_admin_alone(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        admin = server.member("admin", manage_guild=True)
        first, second = await server.composed(), await server.composed()
        refused = await server.ben.click(first, custom_id="tune:1:delete")
        assert refused.ephemeral
        assert "only the member" in refused.response.content.lower()
        await server.ann.click(first, custom_id="tune:1:delete")
        await admin.click(second, custom_id="tune:2:delete")
        for message in (first, second):
            deleted = server.message(message.id)
            assert deleted
            assert "was deleted" in deleted.content
            assert not deleted.embeds
            assert not deleted.attachments
            assert not deleted.components


async def test_what_an_admin_deletes_is_in_the_audit_and_the_log(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        admin, log = server.member("boss", manage_guild=True), server.guild.create_text_channel("log")
        await admin.slash(server.channel, "settings log", channel=log)
        message, own = await server.composed(), await server.composed()
        await server.ann.click(own, custom_id="tune:2:delete")
        await admin.click(message, custom_id="tune:1:delete")
        records = await server.bot.settings.records(Place("discord", str(server.guild.id), "0"))
        assert [(record.member_name, record.action) for record in records] == [("boss", "delete"), ("boss", "settings")]
        assert records[0].detail.startswith("tune 1, Seed")
        assert "tune 1" in log.last_message.content


async def test_the_buttons_of_a_deleted_tune_say_so(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        await delete_elsewhere(server, 1)
        for action in ("up", "again", "vary", "abc", "delete"):
            result = await server.ben.click(message, custom_id=f"tune:1:{action}")
            assert result.ephemeral
            assert result.response.content == "This tune was deleted"


async def test_deleting_one_of_several_tunes_leaves_the_others(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed(count=3, seed=7)
        for tune_id, left in ((2, ["1. Seed 7", "2. Seed 9"]), (1, ["Seed 9"])):
            await server.ann.select(server.message(message.id), [str(tune_id)])
            await server.ann.click(server.message(message.id), custom_id=f"tune:{tune_id}:delete")
            now = server.message(message.id)
            assert now
            assert [embed.title for embed in now.embeds] == left
            last = custom_ids(now)[0]
        assert last == "tune:3:up"


async def test_a_deleted_tune_cannot_be_chosen(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed(count=2)
        await delete_elsewhere(server, 2)
        for member in (server.ann, server.ben):
            result = await member.select(message, ["2"])
            assert result.ephemeral
            assert all_text(result) == "This tune was deleted"


async def test_buttons_work_after_a_restart(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        await server.restart()
        await server.ben.click(message, custom_id="tune:1:up")
        assert votes(server, message) == ["1", "0"]
        await server.answered(await server.ben.click(message, custom_id="tune:1:again"))
