"""Delivery: answers that an earlier run left, and what no message may do."""

from pathlib import Path

from bot.benchmarks.discord.loopback import Request
from tests.bot.discord.simulated_server import labels, simulated_server


async def test_an_answer_that_an_earlier_run_left_arrives_in_its_message(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        server.bot.renderer.go.clear()
        result = await server.ann.slash(server.channel, "compose", key="D")
        await server.until(lambda: server.bot.renderer.rendered)
        await server.client.delivery.stop()
        server.bot.renderer.go.set()
        await server.undelivered(1)
        await server.restart()
        message = await server.answered(result)
        assert labels(message)[2] == "Again"
        assert len(server.channel.history()) == 1
        await server.undelivered(0)


async def test_no_message_mentions_anybody(tmp_path: Path, requests: list[Request]) -> None:
    async with simulated_server(tmp_path) as server:
        admin = server.member("@everyone", manage_guild=True)
        await admin.slash(server.channel, "settings log", channel=server.guild.create_text_channel("log"))
        message = await server.composed(member=admin)
        await admin.click(message, custom_id="tune:1:up")
        await server.ann.slash(server.channel, "top")
        await admin.slash(server.channel, "settings admins", role=server.guild.create_role("helpers"))
    bodies = [body.get("data") or body for body in (each.body for each in requests) if isinstance(body, dict)]
    messages = [body for body in bodies if body.get("content") or body.get("embeds")]
    assert len(messages) > 5
    assert [body for body in messages if body.get("allowed_mentions") != {"parse": []}] == []
