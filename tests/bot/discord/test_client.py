"""The application as a whole: when commands are sent, and the links that add it."""

from pathlib import Path

import discord
from discord import app_commands

from bot.discord.client import PERMISSIONS, Client
from bot.discord.connection import Connection
from tests.bot.discord.request_check import Request
from tests.bot.discord.simulated_server import Stage, stage


async def again(on: Stage, synced: Path) -> Client:
    """The client of the next process, as far as Discord can tell."""
    await on.client.delivery.stop()
    client = Client(on.parts, on.client.delivery, synced, shards=1)
    await on.env.restart_bot(client)
    return client


async def test_commands_are_sent_only_when_they_changed(tmp_path: Path, requests: list[Request]) -> None:
    def sent() -> int:
        return sum(request.path.endswith("/commands") for request in requests)

    synced = tmp_path / "discord-commands"
    async with stage(tmp_path) as on:
        await again(on, synced)
        first = sent()
        client = await again(on, synced)
        assert sent() == first
        client.tree.get_command("help").description = "Other words"  # type: ignore[union-attr]
        await client._sync()
        await client._sync()
        assert sent() == first + 1
        synced.write_bytes(b"\xff")
        await again(on, synced)
        assert sent() == first + 2


async def test_the_links_ask_for_exactly_what_is_needed(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        address = f"https://discord.com/oauth2/authorize?client_id={on.client.application_id}"
        assert on.client.invitation == f"{address}&scope=bot+applications.commands&permissions={PERMISSIONS.value}"
        assert on.client.own_invitation == f"{address}&scope=applications.commands&integration_type=1"
        view, send, embed, attach, send_in_threads = 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 38
        assert PERMISSIONS.value == view | send | embed | attach | send_in_threads


async def test_commands_are_for_servers_and_users(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        compose = on.client.tree.get_command("compose")
        assert isinstance(compose, app_commands.Command)
        payload = compose.to_dict(on.client.tree)
        assert (payload["integration_types"], payload["contexts"]) == ([0, 1], [0, 1, 2])


async def test_compose_has_ranges_and_suggestions(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        payload = on.client.tree.get_command("compose").to_dict(on.client.tree)  # type: ignore[union-attr]
        options = {option["name"]: option for option in payload["options"]}
        ranges = {name: (options[name]["min_value"], options[name]["max_value"]) for name in ("temperature", "count")}
        assert ranges == {"temperature": (0.1, 2.0), "count": (1, 4)}
        assert {name for name in options if options[name].get("autocomplete")} == {"key", "rhythm", "form"}


async def test_there_are_as_many_shards_as_the_settings_say(tmp_path: Path) -> None:
    async with stage(tmp_path, config={"discord": {"shards": 3}}) as on:
        client = Connection(on.parts)._new()
        assert isinstance(client, discord.AutoShardedClient)
        assert client.shard_count == 3
