"""/mine."""

from pathlib import Path

from bot.core.values import Place
from model.prompt import parse_prompt
from tests.bot.discord.simulated_server import all_text, simulated_server


async def test_own_tunes_are_paged_and_shown_to_their_member_alone(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        none = await server.ben.slash(server.channel, "mine")
        assert "/compose" in all_text(none)
        ann = Place("discord", str(server.guild.id), str(server.ann.id), "ann")
        for count in (4, 4, 4):
            await server.bot.finished(parse_prompt("D", "reel", seed=1), ann, count)
        first = await server.ann.slash(server.channel, "mine")
        assert first.ephemeral
        assert all_text(first).count("•") == 10
        await server.ann.click(first.response, custom_id="mine:3")
        assert all_text(first).count("•") == 2
        await server.ann.click(first.response, custom_id="mine:0")
        assert all_text(first).count("•") == 10
