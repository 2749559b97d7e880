"""The buttons under a tune: for whoever clicks, whenever they click."""

from pathlib import Path

import discord
import pytest

from bot.discord.messages import button_clicks
from tests.bot.discord.simulated_server import Stage, custom_ids, labels, stage


async def votes(on: Stage, message: discord.Message) -> list[str | None]:
    found = on.message(message.id)
    assert found
    return labels(found)[:2]


async def test_a_vote_counts_changes_and_is_withdrawn(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed()
        await on.ann.click(message, custom_id="tune:1:up")
        assert await votes(on, message) == ["1", "0"]
        await on.ben.click(message, custom_id="tune:1:up")
        assert await votes(on, message) == ["2", "0"]
        await on.ann.click(message, custom_id="tune:1:down")
        assert await votes(on, message) == ["1", "1"]
        await on.ann.click(message, custom_id="tune:1:down")
        assert await votes(on, message) == ["1", "0"]
        shown = on.message(message.id)
        assert shown
        assert shown.embeds
        assert shown.attachments


async def test_again_and_vary_belong_to_whoever_clicks(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed(seed=7)
        for action in ("again", "vary"):
            result = await on.ben.click(message, custom_id=f"tune:1:{action}")
            await on.until(lambda result=result: on.shown(result.response.id))  # type: ignore[misc]
        again, vary = [await on.bot.composer.library.tune(number) for number in (2, 3)]
        assert again.member_name == vary.member_name == "ben"
        assert (again.prompt.key, again.prompt.rhythm) == (vary.prompt.key, vary.prompt.rhythm)
        assert again.prompt.seed != 7
        assert (again.varied_from, vary.varied_from, vary.prompt.vary) == (None, 1, "parts")


async def test_abc_is_shown_to_the_one_who_asks(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed()
        result = await on.ben.click(message, custom_id="tune:1:abc")
        assert result.ephemeral
        assert "DEFG ABAF" in result.response.content
        assert result.response.attachments[0].filename.endswith(".abc")


async def test_a_tune_is_deleted_by_its_composer_or_an_admin_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        role = on.guild.create_role("admins", permissions=discord.Permissions(manage_guild=True))
        admin = on.guild.add_member(on.env.create_user("admin"), roles=[role])
        first, second = await on.composed(), await on.composed()
        refused = await on.ben.click(first, custom_id="tune:1:delete")
        assert refused.ephemeral
        assert "only the member" in refused.response.content.lower()
        await on.ann.click(first, custom_id="tune:1:delete")
        await admin.click(second, custom_id="tune:2:delete")
        for message in (first, second):
            gone = on.message(message.id)
            assert gone
            assert "was deleted" in gone.content
            assert not gone.embeds
            assert not gone.attachments
            assert not gone.components


async def test_the_buttons_of_a_deleted_tune_say_so(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed()
        await on.bot.store.tunes.delete(1)
        for action in ("up", "again", "vary", "abc", "delete"):
            result = await on.ben.click(message, custom_id=f"tune:1:{action}")
            assert result.ephemeral
            assert result.response.content == "This tune was deleted"


async def test_what_is_deleted_of_several_leaves_the_others(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed(count=3, seed=7)
        for tune_id, left in ((2, ["1. Seed 7", "2. Seed 9"]), (1, ["Seed 9"])):
            await on.ann.select(on.message(message.id), [str(tune_id)])
            await on.ann.click(on.message(message.id), custom_id=f"tune:{tune_id}:delete")
            shown = on.message(message.id)
            assert shown
            assert [embed.title for embed in shown.embeds] == left
            last = custom_ids(shown)[0]
        assert last == "tune:3:up"


async def test_a_deleted_tune_cannot_be_chosen(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed(count=2)
        await on.bot.store.tunes.delete(2)
        for member in (on.ann, on.ben):
            told = await member.select(message, ["2"])
            assert told.ephemeral
            assert told.response.content == "This tune was deleted"


async def test_abc_that_is_longer_than_a_message_is_a_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(button_clicks, "LONGEST_SHOWN", 10)
    async with stage(tmp_path) as on:
        result = await on.ben.click(await on.composed(), custom_id="tune:1:abc")
        assert result.response.content == ""
        assert len(result.response.attachments) == 1


async def test_buttons_work_after_a_restart(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed()
        await on.restart()
        await on.ben.click(message, custom_id="tune:1:up")
        assert await votes(on, message) == ["1", "0"]
        result = await on.ben.click(message, custom_id="tune:1:again")
        await on.until(lambda: on.shown(result.response.id))


async def test_what_an_earlier_run_left_unanswered_arrives_in_its_message(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.bot.renderer.go.clear()
        result = await on.ann.slash(on.channel, "compose", key="D")
        await on.until(lambda: on.bot.renderer.rendered)
        await on.client.delivery.stop()
        on.bot.renderer.go.set()
        await on.owed(1)
        await on.restart()
        message = await on.until(lambda: on.shown(result.response.id))
        assert labels(message)[2] == "Again"
        assert len(on.channel.history()) == 1
        await on.owed(0)
