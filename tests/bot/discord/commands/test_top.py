"""/top."""

from pathlib import Path

from bot.core.values import Place
from tests.bot.discord.simulated_server import SimulatedServer, all_text, simulated_server


async def vote(server: SimulatedServer, tune_id: int, *values: int) -> None:
    """One member for each value votes on a tune."""
    for number, value in enumerate(values):
        voter = f"voter{number}"
        place = Place("discord", str(server.guild.id), voter, voter)
        await server.bot.composer.library.vote(tune_id, place, value)


async def test_the_best_lead_by_period_and_rhythm(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        for rhythm in ("reel", "jig", "reel"):
            await server.composed(rhythm=rhythm)
        empty = await server.ben.slash(server.channel, "top")
        assert "press 👍" in all_text(empty)
        assert empty.ephemeral
        await vote(server, 1, 1)
        await vote(server, 3, 1, 1, 1, -1)
        await vote(server, 2, 1, 1)
        for period in ("day", "week", "month", "all"):
            lines = all_text(await server.ben.slash(server.channel, "top", period=period)).splitlines()[2:]
            assert [line[:1] for line in lines] == ["🥇", "🥈", "🥉"]
            assert lines[0].endswith(("👍 2", "👍 3 · 👎 1"))
            assert lines[2].endswith("👍 1")
        jigs = all_text(await server.ben.slash(server.channel, "top", rhythm="Jig"))
        assert jigs.splitlines()[1] == "Best jigs, all time"
        assert jigs.count("👍") == 1
        assert "Unknown rhythm" in all_text(await server.ben.slash(server.channel, "top", rhythm="tango"))


async def test_the_title_has_the_plural_of_the_rhythm(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await server.composed(rhythm="waltz")
        await vote(server, 1, 1)
        waltzes = await server.ben.slash(server.channel, "top", rhythm="waltz")
        assert all_text(waltzes).splitlines()[1] == "Best waltzes, all time"


async def test_the_tune_that_a_member_chooses_is_shown_to_them_alone(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await server.composed()
        await vote(server, 1, 1)
        leaderboard = await server.ann.slash(server.channel, "top")
        message = server.message(leaderboard.response.id)
        assert message
        chosen = await server.ben.select(message, ["1"], custom_id="show")
        assert chosen.ephemeral
        assert chosen.response.embeds[0].title.startswith("Seed")
        await server.ann.click(server.channel.history()[0], custom_id="tune:1:delete")
        assert "deleted" in all_text(await server.ben.select(message, ["1"], custom_id="show"))
