"""/tune names the tunes of the server that are most like the one it shows."""

from pathlib import Path

from tests.bot.discord.simulated_server import stage


async def test_similar_tunes_are_named_under_a_tune(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        for rhythm in ("reel", "reel", "jig"):
            await on.composed(rhythm=rhythm)
        result = await on.ben.slash(on.channel, "tune", id=1)
        message = on.message(result.response.id)
        assert message
        assert message.embeds
        assert message.content.startswith("Similar tunes here: Seed")
        assert message.content.endswith("(`/tune id:2`, 100% alike)")
        alone = await on.ben.slash(on.channel, "tune", id=3)
        shown = on.message(alone.response.id)
        assert shown
        assert shown.content == ""
