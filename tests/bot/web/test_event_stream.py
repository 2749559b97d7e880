"""Server-sent events: what slow pages cost, who gets which event, and what follows a failure."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.errors import Busy
from bot.core.values import Place, Progress, State, StoredPrompt
from bot.web import create_app
from bot.web.event_stream import MOST_EVENTS, MOST_PAGES, Feed, Page, StreamTiming
from bot.web.serializers import FIRST
from model.prompt import parse_prompt
from tests.bot.web.conftest import visitor
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore

QUICK = StreamTiming(heartbeat=0.01, write_timeout=0.01, retry_pause=0.0)


async def test_a_page_that_is_too_far_behind_is_dropped() -> None:
    feed = Feed()
    page = feed.open_page(1)
    for number in range(MOST_EVENTS * 10):
        feed.publish(1, "votes", {"tune": number}, number)
    async with asyncio.timeout(120):
        received = [event async for event in page.events()]
    assert received == []


async def test_a_page_gets_events_of_its_own_server_only() -> None:
    feed = Feed()
    page = feed.open_page(1)
    feed.publish(2, "votes", {"tune": 1}, 1)
    feed.publish(1, "votes", {"tune": 2}, 2)
    assert await anext(page.events()) == b'event: votes\ndata: {"tune": 2}\n\n'


async def test_a_quiet_stream_gets_comments() -> None:
    assert (await anext(Feed(QUICK).open_page(1).events())).startswith(b":")


async def test_of_each_subject_only_the_newest_event_is_sent() -> None:
    feed = Feed()
    page = feed.open_page(1)
    for ahead in range(MOST_EVENTS * 10, -1, -1):
        feed.publish(1, "progress", {"ahead": ahead}, "prompt 1")
    feed.publish(1, "progress", {"ahead": 0}, "prompt 2")
    events = page.events()
    assert [await anext(events), await anext(events)] == [b'event: progress\ndata: {"ahead": 0}\n\n'] * 2


async def test_a_page_that_does_not_read_is_given_up(
    monkeypatch: pytest.MonkeyPatch, composer: FakeComposer, library: FakeLibrary
) -> None:
    async def stuck(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(web.StreamResponse, "write", stuck)
    server: TestServer = TestServer(create_app(composer, library, timing=QUICK))
    async with server, visitor(server) as client, asyncio.timeout(120), client.get("/events") as response:
        assert await response.read() == b""


async def test_the_number_of_open_pages_is_limited() -> None:
    feed = Feed()
    pages = [feed.open_page(1) for _ in range(MOST_PAGES)]
    with pytest.raises(Busy):
        feed.open_page(1)
    feed.close_page(pages[0])
    feed.open_page(1)


async def test_prompts_in_a_final_state_are_no_longer_unfinished(composer: FakeComposer) -> None:
    feed = Feed()
    feed.publish_progress(await composer.compose(Place("web", "local", "x"), parse_prompt("D")))
    assert list(feed.unfinished) == [1]
    feed.publish_progress(composer.advance(1, State.CANCELLED))
    assert feed.unfinished == {}


class Flaky(FakeComposer):
    """Its first subscription fails; `subscribed` is set by the second."""

    def __init__(self, store: FakeStore) -> None:
        super().__init__(store)
        self.subscribed, self._failed = asyncio.Event(), False

    def subscribe(self) -> AsyncIterator[Progress]:
        if not self._failed:
            self._failed = True
            return self._failing()
        self.subscribed.set()
        return super().subscribe()

    async def _failing(self) -> AsyncIterator[Progress]:
        raise OSError("the database is down")
        yield


async def test_after_a_failure_changes_are_subscribed_to_again_and_pages_reload(
    caplog: pytest.LogCaptureFixture, store: FakeStore
) -> None:
    feed, composer = Feed(replace(QUICK, heartbeat=60.0)), Flaky(store)
    page = feed.open_page(1)
    following = asyncio.create_task(feed.follow(composer))
    async with asyncio.timeout(120):
        assert [event async for event in page.events()] == []
        assert "the database is down" in caplog.text
        page = feed.open_page(1)
        await composer.subscribed.wait()
        await composer.compose(Place("web", "local", "x"), parse_prompt("D"))
        assert b"progress" in await anext(page.events())
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_places_far_back_are_told_to_their_own_member_alone(composer: FakeComposer) -> None:
    feed, members = Feed(), [Place("web", "local", str(number)) for number in range(150)]
    waiting = [(await composer.compose(member, parse_prompt("D"))).prompt for member in members]
    pages = {prompt.member_id: feed.open_page(prompt.server_id, prompt.member_id) for prompt in waiting}
    for ahead, prompt in enumerate(waiting):
        feed.publish_progress(Progress(prompt, ahead + 1))
    told = {member: await _unsent(page) for member, page in pages.items()}
    last = waiting[-1]
    assert "150th in the queue" not in told[waiting[0].member_id][last.id]
    assert "151st in the queue" in told[last.member_id][last.id]
    for ahead, prompt in enumerate(waiting):  # one is done, all move up
        feed.publish_progress(Progress(prompt, ahead))
    counts = [len(await _unsent(page)) for page in pages.values()]
    assert max(counts) <= FIRST + 2
    assert "150th in the queue" in (await _event(feed, last, 149))


async def _unsent(page: Page) -> dict[int, str]:
    """What a page has not been sent yet, by prompt; it is sent now."""
    page.put("end", b"")
    found: dict[int, str] = {}
    async for event in page.events():
        if not event:
            return found
        data = json.loads(event.split(b"data: ")[1])
        found[data["id"]] = data["status"]
    return found


async def _event(feed: Feed, prompt: StoredPrompt, ahead: int) -> str:
    page = feed.open_page(prompt.server_id, prompt.member_id)
    feed.publish_progress(Progress(prompt, ahead))
    return (await _unsent(page))[prompt.id]
