"""The model on the page: who may change it, and retrainings, over a real retrainer and database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot.commands import serve
from bot.core.config import Config
from bot.core.sections import Web
from bot.library.library import Library
from bot.web import create_app
from tests.bot.retraining.retrainers import BOSS, VOTES, RunningRetrainer, running_retrainer
from tests.bot.web.conftest import Client, Stream, say, visitor
from tests.bot.web.fakes import FakeComposer, FakeStore


@asynccontextmanager
async def opened(data: Path, *words: str, **options: Any) -> AsyncIterator[tuple[RunningRetrainer, Client, TestServer]]:
    """A page that may change the model, and a client that has it open."""
    async with running_retrainer(data, *words, **options) as running:
        library = Library(running.store, None)  # type: ignore[arg-type]
        server = TestServer(create_app(FakeComposer(FakeStore()), library, running.retrainer))
        async with server, visitor(server) as client:
            yield running, client, server


async def event_with(stream: Stream, status: str) -> dict[str, Any]:
    """The next retraining event whose status line has this text."""
    async with asyncio.timeout(120):
        while True:
            name, data = await stream.next()
            if name == "retraining" and status in data["status"]:
                return data


@pytest.mark.parametrize(("host", "may"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False)])
async def test_the_page_changes_the_model_only_while_it_is_served_on_loopback(
    tmp_path: Path, host: str, may: bool
) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        config = Config().model_copy(update={"web": Web.model_construct(host=host)})
        service: Any = SimpleNamespace(
            composer=FakeComposer(FakeStore()),
            library=Library(running.store, None),  # type: ignore[arg-type]
            store=running.store,
            retrainer=running.retrainer,
            renderer=None,
            metrics=SimpleNamespace(exposition=lambda: ("", "")),
            member_data=None,
            reports=None,
            tunebooks=None,
            editor=None,
        )
        async with TestServer(serve.page(config, service)) as server, visitor(server) as client:  # type: ignore[arg-type]
            status, _ = await say(client, "/model retrain")
            assert status == (200 if may else 400)
            assert ('id="retrain"' in await (await client.get("/")).text()) is may
            assert bool(await running.store.retrainings.latest()) is may


async def test_another_site_cannot_retrain(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as (running, client, _):
        foreign = {"Origin": "http://evil.example"}
        response = await client.post("/messages", json={"text": "/model retrain"}, headers=foreign)
        assert response.status == 403
        assert await running.store.retrainings.latest() == []


async def test_a_retraining_is_followed_to_its_end_with_its_curve(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as (running, client, _):
        stream = Stream(await client.get("/events"))
        assert (await stream.next())[1]["retraining"] is None
        status, answer = await say(client, "/model retrain minimum_votes:6")
        retraining = answer["retraining"]
        assert (status, retraining["id"], retraining["final"]) == (200, 1, False)
        assert retraining["options"] == [["minimum_votes", "6"]]
        end = await event_with(stream, "version 2 composes from the next prompt on")
        assert (end["final"], end["state"], end["points"]) == (True, "promoted", 4)
        assert end["tests"][0] == "✓ 2.01 bits per note, at most 2.05"
        picture = await client.get("/retrainings/1.png")
        assert (picture.status, picture.content_type) == (200, "image/png")
        assert running.draws.drawn == [[(0.0, 2.0), (10.0, 1.9), (20.0, 1.8), (30.0, 1.7)]]
        assert await running.store.versions.current() == 2


async def test_a_page_that_opens_shows_what_is_under_way_and_can_cancel_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "data", "--do", "hang") as (running, client, _):
        await say(client, "/model retrain dry_run:yes")
        await running.reached("tuning")
        stream = Stream(await client.get("/events"))
        _, history = await stream.next()
        assert (history["retraining"]["id"], history["retraining"]["options"][1]) == (1, ["dry_run", "yes"])
        status, again = await say(client, "/model retrain")
        assert (status, again["error"][:26]) == (429, "Retraining 1 is under way,")
        assert (await say(client, "/model cancel"))[1] == {"lines": ["Retraining 1 is cancelled; nothing has changed."]}
        assert (await event_with(stream, "cancelled, so nothing has changed"))["final"]
        assert (await say(client, "/model cancel"))[0] == 404


async def test_curves_of_other_servers_and_missing_ones_are_not_found(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as (running, client, _):
        assert (await client.get("/retrainings/1.png")).status == 404
        await running.retrain(BOSS)  # on Discord, which is none of the page's business
        assert (await client.get("/retrainings/1.png")).status == 404
        stream = Stream(await client.get("/events"))
        assert (await stream.next())[1]["retraining"] is None


async def test_too_few_votes_are_answered_with_one_line(tmp_path: Path) -> None:
    async with opened(tmp_path / "data", votes=False) as (_, client, _server):
        status, answer = await say(client, "/model retrain")
        assert (status, answer["error"][:31]) == (400, "There are 0 votes to learn from")


async def test_status_versions_and_rollback_are_answered_in_lines(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as (running, client, _):
        await running.retrain()
        _, answer = await say(client, "/model versions")
        first, second = answer["lines"]
        assert first.startswith("Version 2 (in use): ")
        assert first.endswith(f"; Ann, {VOTES} votes on 3 tunes; bits per note 2.01; no votes")
        assert second.endswith(f"; shipped; 100% of {VOTES} votes up")
        assert (await say(client, "/model rollback version:1"))[1] == {
            "lines": ["Version 1 composes from the next tune on."]
        }
        _, answer = await say(client, "/model status")
        assert answer["lines"][0] == "Version 1 composes: shipped."
        worker = "Worker gpu (NVIDIA H100): 30 of 32 slots free, holds version 1, trains, heard of 1 s ago."
        assert answer["lines"][2] == worker
        assert answer["lines"][-1] == "The last one, retraining 1: passed: version 2 composes from the next prompt on."
        assert (await say(client, "/model rollback version:9"))[0] == 404
