"""The client: when it sends the commands to Discord, and the links that add it."""

from pathlib import Path

from discord import app_commands

from bot.benchmarks.discord.loopback import Request
from bot.discord.client import Client
from bot.discord.permissions import REQUIRED
from tests.bot.discord.simulated_server import SimulatedServer, simulated_server


async def restarted(server: SimulatedServer, synced: Path) -> Client:
    """A new client on the same server, as another process would have."""
    await server.client.delivery.stop()
    client = Client(server.context, server.client.delivery, synced, shards=1)
    await server.env.restart_bot(client)
    return client


async def test_commands_are_sent_only_when_they_changed(tmp_path: Path, requests: list[Request]) -> None:
    def sent() -> int:
        return sum(request.path.endswith("/commands") for request in requests)

    synced = tmp_path / "discord-commands"
    async with simulated_server(tmp_path) as server:
        await restarted(server, synced)
        first = sent()
        client = await restarted(server, synced)
        assert sent() == first
        client.tree.get_command("help").description = "Other words"  # type: ignore[union-attr]
        await client._sync()
        await client._sync()
        assert sent() == first + 1
        synced.write_bytes(b"\xff")
        await restarted(server, synced)
        assert sent() == first + 2


async def test_the_links_ask_for_exactly_what_is_needed(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        address = f"https://discord.com/oauth2/authorize?client_id={server.client.application_id}"
        assert server.client.invitation == f"{address}&scope=bot+applications.commands&permissions={REQUIRED.value}"
        assert server.client.user_invitation == f"{address}&scope=applications.commands&integration_type=1"
        view, send, embed, attach, send_in_threads = 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 38
        assert REQUIRED.value == view | send | embed | attach | send_in_threads


async def test_commands_are_for_servers_and_users(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        compose = server.client.tree.get_command("compose")
        assert isinstance(compose, app_commands.Command)
        payload = compose.to_dict(server.client.tree)
        assert (payload["integration_types"], payload["contexts"]) == ([0, 1], [0, 1, 2])
