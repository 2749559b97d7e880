"""/compose: what a member sees from the command to the tune."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import discord
import pytest

from bot.core import logs
from bot.core.values import Place
from bot.discord.delivery import prompt_message
from tests.bot.discord.simulated_server import Stage, custom_ids, files, labels, stage


async def test_a_tune_arrives_with_picture_audio_files_and_buttons(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed(rhythm="reel", seed=7, temperature=0.9, form="AABB")
        (embed,) = message.embeds
        assert embed.title == "Seed 7"
        shown = {field.name: field.value for field in embed.fields}
        assert shown == {
            "Key": "E dorian",
            "Rhythm": "reel, 2/2",
            "Tempo": "100 bpm",
            "Form": "AABB, 8 bars a part",
            "Temperature": "0.9",
            "Seed": "7",
        }
        assert embed.footer.text == "Tune 1 · model v1 · composed for ann"
        assert "The Boys of Malin" in (embed.description or "")
        assert embed.image.url
        assert files(message)[-3:] == ["mp3", "mid", "abc"]
        assert labels(message) == ["0", "0", "Again", "Vary", "ABC", "Delete"]
        assert custom_ids(message)[0] == "tune:1:up"
        stored = await on.bot.store.prompts.load(1)
        assert stored
        assert (stored.channel_id, stored.message_id) == (str(on.channel.id), str(message.id))
        await on.owed(0)


async def test_the_log_knows_which_prompt_was_answered(tmp_path: Path, lines: Callable[[], list[str]]) -> None:
    logs.set_up("json", "info")
    async with stage(tmp_path) as on:
        await on.composed()
        await on.owed(0)
    told = {record["message"]: record.get("prompt") for record in map(json.loads, lines())}
    assert told["prompt 1 is answered"] == 1


@pytest.mark.parametrize(("options", "says"), [({"key": "*H*"}, r"\*H\*"), ({"key": "D", "form": "ABBA"}, "AABB")])
async def test_what_cannot_be_is_told_to_its_member_alone(tmp_path: Path, options: dict[str, str], says: str) -> None:
    async with stage(tmp_path) as on:
        result = await on.ann.slash(on.channel, "compose", **options)
        assert result.ephemeral
        assert says in result.response.content
        assert "\n" not in result.response.content
        assert on.channel.history() == []


async def test_what_the_model_refuses_is_told_to_its_member_alone(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        result = await on.ann.slash(on.channel, "compose", key="D", opening="refuse")
        line = await on.until(lambda: result.followups and result.followups[-1])
        assert line.ephemeral
        assert line.content == "Bar 1 of the opening is wrong"
        await on.until(lambda: not on.channel.history())
        await on.owed(0)


async def test_a_full_queue_is_told_to_its_member_alone(tmp_path: Path) -> None:
    async with stage(tmp_path, at_once=1, per_member=1) as on:
        on.bot.renderer.go.clear()
        for _ in range(2):
            result = await on.ann.slash(on.channel, "compose", key="D")
            await on.until(lambda: on.bot.renderer.rendered)
        refused = await on.ann.slash(on.channel, "compose", key="D")
        (line,) = refused.followups
        assert line.ephemeral
        assert "one prompt waiting" in line.content
        assert len(on.channel.history()) == 2
        await on.until(lambda: said(on, result.response.id, "next in the queue"))


async def test_a_member_who_waits_sees_the_place_in_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_message, "EVERY", 0.05)
    async with stage(tmp_path, at_once=1) as on:
        on.bot.renderer.go.clear()
        results = [await on.ann.slash(on.channel, "compose", key="D") for _ in range(4)]
        await on.until(lambda: said(on, results[0].response.id, "engraving"))
        await on.until(lambda: said(on, results[3].response.id, "3rd in the queue"))
        on.bot.renderer.go.set()
        for result in results:
            await on.until(lambda result=result: on.shown(result.response.id))  # type: ignore[misc]


async def test_edits_are_no_more_often_than_discord_allows(tmp_path: Path) -> None:
    async with stage(tmp_path, at_once=1) as on:
        results = [await on.ann.slash(on.channel, "compose", key="D") for _ in range(8)]
        for result in results:
            await on.until(lambda result=result: on.shown(result.response.id))  # type: ignore[misc]
        edits = [request.path for request in on.env.http_requests if request.path.endswith("@original")]
        assert len(edits) <= 3 * len(results)


async def test_several_tunes_come_in_one_message_with_a_choice(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        message = await on.composed(count=4, seed=7)
        assert [embed.title for embed in message.embeds] == [f"{n}. Seed {n + 6}" for n in (1, 2, 3, 4)]
        assert custom_ids(message) == ["pick:1"]
        await on.ann.select(message, ["3"])
        chosen = await on.until(lambda: with_buttons(on, message.id))
        assert len(files(chosen)) <= 10
        assert files(chosen)[-2:] == ["mid", "abc"]
        assert custom_ids(chosen)[:2] == ["pick:1", "tune:3:up"]
        other = await on.ben.select(chosen, ["2"])
        assert other.ephemeral
        assert [embed.title for embed in other.response.embeds] == ["Seed 8"]
        await on.ben.click(chosen, custom_id="tune:3:up")
        assert labels(with_buttons(on, message.id))[1:3] == ["1", "0"]  # type: ignore[arg-type]
        assert custom_ids(with_buttons(on, message.id))[:2] == ["pick:1", "tune:3:up"]  # type: ignore[arg-type]


@pytest.mark.parametrize("clock", ["ours", "Discord's"])
async def test_a_tune_that_took_too_long_goes_to_the_channel_and_mentions_its_member(
    tmp_path: Path, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(tmp_path) as on:
        on.bot.renderer.go.clear()
        result = await on.ann.slash(on.channel, "compose", key="D")
        await on.until(lambda: on.bot.renderer.rendered)
        if clock == "ours":
            monkeypatch.setattr(prompt_message, "RUNS_OUT", timedelta(0))
        else:
            on.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, message="Invalid Webhook Token")
        on.bot.renderer.go.set()
        message = await on.until(lambda: on.last if on.last and on.last.embeds else None)
        assert result.response is None or message.id != result.response.id
        assert on.ann.mention in message.content
        assert [user.id for user in message.mentions] == [on.ann.id]
        await on.until(lambda: len(on.channel.history()) == 1)  # the one that waited is gone
        (sent,) = [r for r in on.env.http_requests if r.method == "POST" and r.path.endswith("/messages")]
        payload = sent.json or sent.payload
        assert payload["nonce"] == "prompt-1"
        assert payload["enforce_nonce"] is True
        assert payload["allowed_mentions"] == {"parse": [], "users": [on.ann.id]}
        await on.owed(0)


async def test_an_answer_whose_message_was_deleted_stays_away(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        on.bot.renderer.go.clear()
        result = await on.ann.slash(on.channel, "compose", key="D")
        message = await on.until(lambda: on.message(result.response.id))
        await on.ann.delete(message) if message.author.id == on.ann.id else await message.delete()
        on.bot.renderer.go.set()
        await on.finished(1)
        await on.owed(0)
        assert on.channel.history() == []


def said(on: Stage, message_id: int, text: str) -> discord.Message | None:
    message = on.message(message_id)
    return message if message and text in message.content else None


def with_buttons(on: Stage, message_id: int) -> discord.Message | None:
    message = on.message(message_id)
    return message if message and len(custom_ids(message)) > 1 else None


async def test_a_tune_that_may_not_be_written_anywhere_stays_in_mine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_message, "RUNS_OUT", timedelta(0))
    async with stage(tmp_path) as on:
        for method in ("POST", "PATCH"):
            path = "/channels/*/messages*"
            on.env.inject_error(method, path, status=403, code=50001, message="Missing Access", times=None)
        await on.ann.slash(on.channel, "compose", key="D")
        await on.finished(1)
        await on.owed(0)
        member_id, _ = await on.bot.store.members.register(Place("discord", str(on.guild.id), str(on.ann.id)))
        assert [tune.id for tune in await on.bot.store.tunes.of_member(member_id)] == [1]
