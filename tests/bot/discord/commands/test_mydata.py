"""/mydata: members see, take and erase what is stored about them; servers that the bot leaves are marked."""

import io
import json
import zipfile
from pathlib import Path

from tests.bot.discord.simulated_server import SimulatedServer, all_text, simulated_server
from tests.bot.store.test_erasure import traces

OPENING = "EAAB cAcd|"


async def test_a_member_sees_takes_and_erases_what_is_stored(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        assert "nothing is stored about you" in all_text(await server.ann.slash(server.channel, "mydata show")).lower()
        await server.composed()
        opened = await server.composed(opening=OPENING)
        await server.composed(server.ben)
        shown = await server.ann.slash(server.channel, "mydata show")
        assert shown.ephemeral
        assert f"discord {server.ann.id}" in all_text(shown)
        assert "2 prompts, 2 tunes" in all_text(shown)
        taken = await server.ann.slash(server.channel, "mydata export")
        with zipfile.ZipFile(io.BytesIO(await taken.response.attachments[0].read())) as archive:
            prompts = json.loads(archive.read("prompts.json"))
            assert [prompt["opening"] for prompt in prompts] == ["", OPENING]
            assert sum(name.endswith(".abc") for name in archive.namelist()) == 2
            assert json.loads(archive.read("members.json"))[0]["external_id"] == str(server.ann.id)
        erased = all_text(await server.ann.slash(server.channel, "mydata forget", tunes="keep"))
        assert "2 prompts, 1 tune" in erased
        assert "1 tune stayed" in erased
        location = f"sqlite:///{tmp_path / 'tunesmith.db'}"
        assert await traces(location, str(server.ann.id), OPENING, str(opened.id)) == []
        assert await traces(location, str(server.ben.id))


async def left(server: SimulatedServer) -> list[str]:
    return await server.bot.store.members.left("discord")


async def test_a_server_that_the_bot_leaves_is_marked_until_it_is_back(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await server.composed()
        state = server.client._connection
        for unavailable in (True, False):
            state.parse_guild_delete({"id": str(server.guild.id), "unavailable": unavailable})

            async def is_left(expected: bool = not unavailable) -> bool:
                return bool(await left(server)) is expected

            await server.until(is_left)
        await server.restart()

        async def is_back() -> bool:
            return await left(server) == []

        await server.until(is_back)
