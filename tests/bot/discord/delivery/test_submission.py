"""Submitting a prompt: the checks before it, the deferral, and the message that will carry its tunes."""

from pathlib import Path
from typing import Any

import discord

from bot.benchmarks.discord.loopback import Request
from tests.bot.discord.simulated_server import simulated_server


async def test_the_response_is_deferred_before_the_prompt_is_stored(tmp_path: Path, requests: list[Request]) -> None:
    async with simulated_server(tmp_path) as server:
        before = len(requests)
        message = await server.composed()
        assert requests[before].path.endswith("/callback")
        assert requests[before].body == {"type": 5}
        stored = await server.bot.store.prompts.load(1)
        assert stored
        assert stored.message_id == str(message.id)


async def test_a_channel_where_the_bot_lacks_permissions_names_them_and_nothing_is_queued(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        lacking = discord.PermissionOverwrite(attach_files=False, embed_links=False)
        channel = server.guild.create_text_channel("strict", overwrites={server.guild.default_role: lacking})
        commands: dict[str, dict[str, Any]] = {
            "compose": {"key": "D"},
            "tune": {"id": 1},
            "tunebook": {"whose": "server"},
        }
        for name, options in commands.items():
            result = await server.ann.slash(channel, name, **options)
            assert result.ephemeral
            assert "Embed Links and Attach Files" in result.response.content, name
        assert await server.bot.store.prompts.load(1) is None
