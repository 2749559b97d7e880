"""Autocompletion while a member types."""

from pathlib import Path

from tests.bot.discord.simulated_server import simulated_server


async def test_keys_rhythms_and_forms_are_suggested(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        keys = await server.ann.autocomplete(server.channel, "compose", "key", "e do")
        assert keys == [{"name": "E dorian", "value": "Edor"}]
        assert len(await server.ann.autocomplete(server.channel, "compose", "key", "")) == 25
        rhythms = await server.ann.autocomplete(server.channel, "top", "rhythm", "slip")
        assert [choice["value"] for choice in rhythms] == ["slip jig"]
        forms = await server.ann.autocomplete(server.channel, "compose", "form", "aabb:4", key="D")
        assert [choice["value"] for choice in forms] == ["AABB:4"]
