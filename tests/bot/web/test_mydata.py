"""/mydata on the page: over a real store, a member sees, takes and erases what is stored about it alone."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.library.member_data import MemberData
from bot.web import create_app
from bot.web.identity import COOKIE
from tests.bot.running_bot import running_bot
from tests.bot.store.test_erasure import traces
from tests.bot.web.conftest import Client, say, visitor


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    async with running_bot(tmp_path / "tunesmith.db") as bot:
        data = MemberData(bot.store, bot.composer.cancel)
        app = create_app(bot.composer, bot.composer.library, member_data=data)
        async with TestServer(app) as server:
            assert isinstance(server, TestServer)
            yield server


def cookie(client: Client) -> str:
    (found,) = (each.value for each in client.session.cookie_jar if each.key == COOKIE)
    return str(found)


async def test_a_member_sees_takes_and_erases_what_is_stored(server: TestServer, tmp_path: Path) -> None:
    async with visitor(server) as ann, visitor(server) as ben:
        assert await say(ann, "/mydata show") == (404, {"error": "Nothing is stored about you"})
        assert (await say(ann, '/compose key:D rhythm:reel opening:"G3A B3c|"'))[0] == 202
        assert (await say(ben, "/compose key:D"))[0] == 202
        status, shown = await say(ann, "/mydata show")
        assert status == 200
        assert "1 prompt" in shown["lines"][1]
        _, taken = await say(ann, "/mydata export")
        response = await ann.get(taken["file"])
        assert "attachment" in response.headers["Content-Disposition"]
        with zipfile.ZipFile(io.BytesIO(await response.read())) as archive:
            (prompt,) = json.loads(archive.read("prompts.json"))
            assert prompt["opening"] == "G3A B3c|"
        before = cookie(ann)
        status, erased = await say(ann, "/mydata forget tunes:remove")
        assert status == 200
        assert erased["lines"][0].startswith("Forgotten: id and name, 0 votes, 1 prompt, ")  # its tune may be there
        assert cookie(ann) != before
        assert await traces(f"sqlite:///{tmp_path / 'tunesmith.db'}", "G3A B3c|") == []
        assert "1 prompt" in (await say(ben, "/mydata show"))[1]["lines"][1], "others keep theirs"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("/mydata", "After /mydata comes one of show, export, forget."),
        ("/mydata sell", "After /mydata comes one of"),
        ("/mydata forget", "What is to become of your tunes?"),
        ("/mydata forget tunes:burn", "tunes"),
    ],
)
async def test_what_cannot_be_is_one_line(server: TestServer, text: str, part: str) -> None:
    async with visitor(server) as ann:
        status, answer = await say(ann, text)
        assert status == 400
        assert part in answer["error"]
