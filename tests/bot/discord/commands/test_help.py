"""/help."""

from pathlib import Path

from tests.bot.discord.simulated_server import all_text, simulated_server


async def test_help_names_the_commands_to_the_member_alone(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        result = await server.ben.slash(server.channel, "help")
        assert result.ephemeral
        for name in ("compose", "top", "mine", "tune", "tunebook", "settings", "model"):
            assert f"/{name}" in all_text(result)
