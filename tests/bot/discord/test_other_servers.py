"""A tune on another server than its own: there for its composer alone, and without buttons."""

from pathlib import Path

import pytest

from bot.core.errors import NotAllowed, NotFound
from bot.core.values import Place
from tests.bot.discord.simulated_server import all_text, custom_ids, simulated_server


async def test_it_does_not_exist_for_others(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await server.composed()
        dora = server.env.create_user("dora")
        guild = server.env.create_guild()
        there = await guild.add_member(dora).slash(guild.create_text_channel("elsewhere"), "tune", id=1)
        for asked in (there, await dora.slash("tune", id=1)):
            assert "There is no tune 1" in all_text(asked)


async def test_its_composer_may_show_it_without_buttons(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        dora = server.env.create_user("dora")
        here, guild = server.guild.add_member(dora), server.env.create_guild()
        there, channel = guild.add_member(dora), guild.create_text_channel("elsewhere")
        for member in (here, server.ann):
            await server.composed(member, rhythm="reel")
        await there.slash(channel, "tune", id=1)
        assert channel.last_message.embeds
        assert custom_ids(channel.last_message) == []
        assert channel.last_message.content == "", "the similar tunes are another server's"
        at_home = await server.ben.slash(server.channel, "tune", id=1)
        assert "tune:1:up" in custom_ids(server.message(at_home.response.id))  # type: ignore[arg-type]


async def test_its_old_buttons_elsewhere_do_nothing(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await server.composed()
        library = server.bot.composer.library
        ann, dora = (Place("discord", "7", str(member.id), "x") for member in (server.ann, server.ben))
        for place, error in ((ann, NotAllowed), (dora, NotFound)):
            for ask in (library.tune_here(1, place), library.vote(1, place, 1), library.delete(1, place, admin=True)):
                with pytest.raises(error):
                    await ask
        votes = (await library.tune(1, server.place)).votes
        assert (votes.up, votes.down) == (0, 0)


async def test_no_nickname_of_another_server_is_shown(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        dora = server.env.create_user("dora")
        guild = server.env.create_guild()
        hidden = guild.add_member(dora, nick="Secret Identity")
        channel = guild.create_text_channel("elsewhere")
        await server.composed(server.guild.add_member(dora))
        await hidden.slash(channel, "mine")
        shown = await server.ben.slash(server.channel, "tune", id=1)
        message = server.message(shown.response.id)
        assert message
        assert "composed for dora" in message.embeds[0].footer.text  # type: ignore[operator]
