"""The message of a prompt: progress while its member waits, and the end, whatever is in its way."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.core import logs
from bot.core.values import Place
from tests.bot.discord.simulated_server import TIMING, files, simulated_server

EXPIRED = replace(TIMING, interaction_lifetime=0.0)


async def test_a_member_who_waits_sees_the_position_in_the_queue(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, at_once=1) as server:
        server.bot.renderer.go.clear()
        results = [await server.ann.slash(server.channel, "compose", key="D") for _ in range(4)]
        await server.until(lambda: server.with_text(results[0].response.id, "engraving"))
        await server.until(lambda: server.with_text(results[3].response.id, "3rd in the queue"))
        server.bot.renderer.go.set()
        for result in results:
            await server.answered(result)


async def test_edits_are_no_more_frequent_than_the_interval(tmp_path: Path) -> None:
    timing = replace(TIMING, prompt_interval=2.5)
    async with simulated_server(tmp_path, timing=timing, at_once=1) as server:
        results = [await server.ann.slash(server.channel, "compose", key="D") for _ in range(8)]
        for result in results:
            await server.answered(result)
        edits = [request.path for request in server.env.http_requests if request.path.endswith("@original")]
        assert len(edits) <= 3 * len(results)


async def test_the_log_names_the_prompt_that_was_answered(tmp_path: Path, lines: Callable[[], list[str]]) -> None:
    logs.set_up("json", "info")
    async with simulated_server(tmp_path) as server:
        await server.composed()
        await server.undelivered(0)
    prompts = {record["message"]: record.get("prompt") for record in map(json.loads, lines())}
    assert prompts["prompt 1 is answered"] == 1


@pytest.mark.parametrize("clock", ["ours", "Discord's"])
async def test_an_end_after_the_interaction_expired_is_a_new_message_that_mentions_the_member(
    tmp_path: Path, clock: str
) -> None:
    async with simulated_server(tmp_path, timing=EXPIRED if clock == "ours" else TIMING) as server:
        server.bot.renderer.go.clear()
        progress_id = (await server.ann.slash(server.channel, "compose", key="D")).response.id
        await server.until(lambda: server.bot.renderer.rendered)
        if clock == "Discord's":
            error = {"status": 401, "code": 50027, "message": "Invalid Webhook Token"}
            server.env.inject_error("PATCH", "/webhooks/*", **error, times=None)
        server.bot.renderer.go.set()
        message = await server.until(lambda: server.last if server.last and server.last.embeds else None)
        assert message.id != progress_id
        assert server.ann.mention in message.content
        assert [user.id for user in message.mentions] == [server.ann.id]
        await server.until(lambda: len(server.channel.history()) == 1)  # the one that showed the progress is deleted
        (sent,) = [r for r in server.env.http_requests if r.method == "POST" and r.path.endswith("/messages")]
        payload = sent.json or sent.payload
        assert payload["nonce"] == "prompt-1"
        assert payload["enforce_nonce"] is True
        assert payload["allowed_mentions"] == {"parse": [], "users": [server.ann.id]}
        await server.undelivered(0)


async def test_an_answer_whose_message_was_deleted_is_not_sent_again(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        server.bot.renderer.go.clear()
        result = await server.ann.slash(server.channel, "compose", key="D")
        message = await server.until(lambda: server.message(result.response.id))
        await message.delete()
        server.bot.renderer.go.set()
        await server.finished(1)
        await server.undelivered(0)
        assert server.channel.history() == []


async def test_a_tune_that_may_not_be_sent_anywhere_is_in_mine(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, timing=EXPIRED) as server:
        for method in ("POST", "PATCH"):
            path = "/channels/*/messages*"
            server.env.inject_error(method, path, status=403, code=50001, message="Missing Access", times=None)
        await server.ann.slash(server.channel, "compose", key="D")
        await server.finished(1)
        await server.undelivered(0)
        tunes, _ = await server.bot.composer.library.mine(Place("discord", str(server.guild.id), str(server.ann.id)))
        assert [tune.id for tune in tunes] == [1]


async def test_an_answer_that_timed_out_is_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = discord.Interaction.edit_original_response
    failed: list[Any] = []

    async def timed_out_twice(self: Any, **arguments: Any) -> Any:
        if arguments.get("embeds") and len(failed) < 2:
            failed.append(arguments)
            raise TimeoutError
        return await edit(self, **arguments)

    monkeypatch.setattr(discord.Interaction, "edit_original_response", timed_out_twice)
    async with simulated_server(tmp_path) as server:
        assert len(files(await server.composed())) == 4
        assert len(failed) == 2
        await server.undelivered(0)


async def test_audio_stays_within_the_limit_of_the_interaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = discord.Interaction._from_data

    def with_low_limit(self: Any, data: Any) -> None:
        parse(self, data)
        self.filesize_limit = 5

    monkeypatch.setattr(discord.Interaction, "_from_data", with_low_limit)
    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        assert files(message) == ["png", "mid", "abc"]
        assert "larger than Discord takes here" in message.content
        result = await server.ben.slash(server.channel, "tune", id=1)
        assert files(result.response) == ["png", "mid", "abc"]


async def test_an_answer_that_discord_finds_too_large_comes_without_audio(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        server.bot.renderer.go.clear()
        result = await server.ann.slash(server.channel, "compose", key="D")
        await server.until(lambda: server.with_text(result.response.id, "engraving"))
        server.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005, message="Request entity too large")
        server.bot.renderer.go.set()
        message = await server.answered(result)
        assert files(message) == ["png", "mid", "abc"]
        assert "larger than Discord takes here" in message.content
