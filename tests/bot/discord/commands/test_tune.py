"""/tune."""

from pathlib import Path

from tests.bot.discord.simulated_server import all_text, custom_ids, files, simulated_server


async def test_an_older_tune_is_shown_with_its_buttons(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await server.composed()
        result = await server.ben.slash(server.channel, "tune", id=1)
        message = server.message(result.response.id)
        assert message
        assert message.embeds[0].title.startswith("Seed")  # type: ignore[union-attr]
        assert sorted(files(message)) == ["abc", "mid", "mp3", "png"]
        assert "tune:1:up" in custom_ids(message)
        unknown = await server.ben.slash(server.channel, "tune", id=99)
        assert "There is no tune 99" in all_text(unknown)


async def test_similar_tunes_of_the_server_are_named(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        for rhythm in ("reel", "reel", "jig"):
            await server.composed(rhythm=rhythm)
        result = await server.ben.slash(server.channel, "tune", id=1)
        message = server.message(result.response.id)
        assert message
        assert message.embeds
        assert message.content.startswith("Similar tunes here: Seed")
        assert message.content.endswith("(`/tune id:2`, 100% alike)")
        without = await server.ben.slash(server.channel, "tune", id=3)
        jig = server.message(without.response.id)
        assert jig
        assert jig.content == ""
