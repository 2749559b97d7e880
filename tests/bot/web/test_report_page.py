"""/report, /reports and /moderate on the page, over a real store and worker process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.core.sections import Web
from bot.library.reports import Reports
from bot.web import create_app
from bot.web.app import LOCAL
from tests.bot.running_bot import Bot, new_prompt, running_bot
from tests.bot.web.conftest import Stream, say, visitor


@asynccontextmanager
async def serving(bot: Bot, section: Web = LOCAL) -> AsyncIterator[TestServer]:
    reports = Reports(bot.store, bot.composer.library)
    app = create_app(bot.composer, bot.composer.library, reports=reports, section=section, key=b"k" * 32)
    async with TestServer(app) as server:
        assert isinstance(server, TestServer)
        yield server


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with running_bot(tmp_path / "tunesmith.db") as bot:
        yield bot


async def test_what_a_member_reports_an_admin_removes_from_every_page(bot: Bot) -> None:
    async with serving(bot) as server, visitor(server) as ann:
        for seed in (7, 8):
            await bot.finished(new_prompt(seed=seed))
        assert await say(ann, "/reports") == (200, {"lines": ["Nothing was reported."]})
        _, thanks = await say(ann, '/report id:1 subject:title reason:"it is rude"')
        assert thanks["lines"] == ["Thank you: the admins see it with /reports."]
        assert (await say(ann, "/report id:2"))[0] == 200
        _, reports = await say(ann, "/reports")
        assert [line.partition("report: ")[2] for line in reports["lines"]] == [
            *("the tune of tune 2", "its title of tune 1: it is rude")
        ]
        stream = Stream(await ann.get("/events"))
        assert (await stream.next())[0] == "history"
        _, done = await say(ann, "/moderate id:1 action:title")
        assert "is not given again here." in done["lines"][0]
        name, event = await stream.next()
        assert (name, event["tune"], event["now"]["title"]) == ("moderated", 1, "Tunesmith's Reel No. 7")
        await say(ann, "/moderate id:2 action:like")
        assert await stream.next() == ("moderated", {"tune": 2, "now": None})
        assert (await ann.get("/tunes/2.abc")).status == 404
        assert (await say(ann, "/moderate id:2 action:allow"))[0] == 200


async def test_where_there_is_a_login_only_admins_see_and_moderate(bot: Bot) -> None:
    section = Web(password=SecretStr("members' word"), admin_password=SecretStr("admins' word"))
    async with serving(bot, section) as server, visitor(server) as ann:
        await bot.finished(new_prompt())
        login = {"name": "Ann", "password": "members' word"}
        assert (await ann.post("/login", json=login)).status == 200
        assert (await say(ann, "/report id:1"))[0] == 200
        for text in ("/reports", "/moderate id:1 action:remove"):
            status, answer = await say(ann, text)
            assert status == 403
            assert "is for the admins" in answer["error"]
        assert "moderate" not in str(await (await ann.get("/completions")).json())
        assert (await ann.get("/tunes/1.abc")).status == 200


@pytest.mark.parametrize(
    ("text", "status", "part"),
    [
        ("/report", 400, "Which tune?"),
        ("/report id:x", 400, "Which tune?"),
        ("/report id:9", 404, "There is no tune 9"),
        ("/report id:1 subject:rhyme", 400, "tune, title"),
        ("/moderate id:1", 400, "remove, like, title, allow"),
        ("/moderate id:1 action:burn", 400, "remove, like, title, allow"),
        ("/reports id:1", 400, "it has none"),
    ],
)
async def test_what_cannot_be_is_one_line(bot: Bot, text: str, status: int, part: str) -> None:
    async with serving(bot) as server, visitor(server) as ann:
        got, answer = await say(ann, text)
        assert got == status
        assert part in answer["error"]
