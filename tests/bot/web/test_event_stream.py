"""The fan-out: nobody's slowness costs memory, nobody hears another server, and it survives failures."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.core.errors import Busy, ConfigError
from bot.core.values import Place, Progress, State
from bot.web import create_app, event_stream, serve
from bot.web.event_stream import MOST_EVENTS, MOST_PAGES, Feed
from model.prompt import parse_prompt
from tests.bot.web.conftest import Client, Stream
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore


async def test_a_page_that_is_too_far_behind_is_dropped() -> None:
    source = Feed()
    page = source.join(1)
    for number in range(MOST_EVENTS * 10):
        source.tell(1, "votes", {"tune": number}, number)
    async with asyncio.timeout(1):
        received = [event async for event in page.events()]
    assert received == []


async def test_a_page_gets_its_own_servers_events_only() -> None:
    source = Feed()
    page = source.join(1)
    source.tell(2, "votes", {"tune": 1}, 1)
    source.tell(1, "votes", {"tune": 2}, 2)
    assert await anext(page.events()) == b'event: votes\ndata: {"tune": 2}\n\n'


async def test_a_quiet_stream_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_HEARTBEAT", 0.01)
    assert (await anext(Feed().join(1).events())).startswith(b":")


async def test_only_the_newest_word_on_a_subject_waits() -> None:
    source = Feed()
    page = source.join(1)
    for ahead in range(MOST_EVENTS * 10, -1, -1):
        source.tell(1, "progress", {"ahead": ahead}, "prompt 1")
    source.tell(1, "progress", {"ahead": 0}, "prompt 2")
    events = page.events()
    assert [await anext(events), await anext(events)] == [b'event: progress\ndata: {"ahead": 0}\n\n'] * 2


async def test_a_page_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    async def stuck(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(event_stream, "_PATIENCE", 0.01)
    monkeypatch.setattr(web.StreamResponse, "write", stuck)
    async with asyncio.timeout(2), client.get("/events") as response:
        assert await response.read() == b""


async def test_there_is_a_limit_to_open_pages() -> None:
    source = Feed()
    pages = [source.join(1) for _ in range(MOST_PAGES)]
    with pytest.raises(Busy):
        source.join(1)
    source.leave(pages[0])
    source.join(1)


async def test_finished_prompts_are_forgotten(store: FakeStore, composer: FakeComposer) -> None:
    source = Feed()
    source.note(await composer.compose(Place("web", "local", "x"), parse_prompt("D")))
    assert list(source.unfinished) == [1]
    source.note(composer.advance(1, State.CANCELLED))
    assert source.unfinished == {}


async def test_changes_that_fail_are_asked_for_again_and_pages_reload(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, composer: FakeComposer
) -> None:
    class Flaky(FakeComposer):
        tries = 0

        def subscribe(self) -> AsyncIterator[Progress]:
            self.tries += 1
            return self.broken() if self.tries == 1 else super().subscribe()

        async def broken(self) -> AsyncIterator[Progress]:
            raise OSError("the database went away")
            yield

    monkeypatch.setattr(event_stream, "_AGAIN", 0.01)
    source, flaky = Feed(), Flaky(composer.store)
    page = source.join(1)
    task = asyncio.create_task(source.follow(flaky))
    async with asyncio.timeout(2):
        assert [event async for event in page.events()] == []
    assert "the database went away" in caplog.text
    page = source.join(1)
    await asyncio.sleep(0)
    await flaky.compose(Place("web", "local", "x"), parse_prompt("D"))
    assert b"progress" in await anext(page.events())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_stopping_ends_open_streams_at_once(client: Client, server: TestServer) -> None:
    async with client.get("/events") as response:
        stream = Stream(response)
        await stream.next()
        async with asyncio.timeout(2):
            await server.close()
            with pytest.raises(EOFError):
                await stream.next()


async def test_a_port_in_use_is_one_clear_line(composer: FakeComposer, library: FakeLibrary) -> None:
    runner = await serve(create_app(composer, library), "127.0.0.1", 0)
    port = runner.addresses[0][1]
    try:
        with pytest.raises(ConfigError, match=f"port {port} is in use") as caught:
            await serve(create_app(composer, library), "127.0.0.1", port)
        assert "\n" not in str(caught.value)
        with pytest.raises(ConfigError, match="cannot serve the page on"):
            await serve(create_app(composer, library), "192.0.2.1", 0)
    finally:
        await runner.cleanup()
