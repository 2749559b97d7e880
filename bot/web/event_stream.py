"""Server-sent events: updates of prompts, votes and retrainings, sent to every open page."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.core.errors import Busy
from bot.core.values import Progress
from bot.web.ports import Composer
from bot.web.serializers import NOBODY, progress_json, seen_by

log = logging.getLogger(__name__)

MOST_EVENTS = 200  # subjects with unsent events; a page with more is dropped, connects again and reloads
MOST_PAGES = 500


@dataclass(frozen=True)
class StreamTiming:
    """All in seconds."""

    heartbeat: float = 15.0  # between comments on a quiet stream; a closed page is noticed when one is sent
    write_timeout: float = 10.0  # in which a page has to read an event
    retry_pause: float = 1.0  # before a failed subscription is renewed


DEFAULT_TIMING = StreamTiming()


class Page:
    """One open page and its unsent events: of each subject the newest only."""

    def __init__(self, server_id: int, member_id: int, heartbeat: float = DEFAULT_TIMING.heartbeat) -> None:
        self.server_id, self.member_id = server_id, member_id
        self._heartbeat = heartbeat
        self._unsent: dict[Hashable, bytes] = {}
        self._changed = asyncio.Event()
        self._dropped = False

    def put(self, subject: Hashable, event: bytes) -> None:
        """Have an event sent in place of an older one on its subject. Drops the page when it is too far behind."""
        self._unsent.pop(subject, None)
        self._unsent[subject] = event
        self._changed.set()
        if len(self._unsent) > MOST_EVENTS:
            self.drop()

    def drop(self) -> None:
        """End the stream; unsent events are lost."""
        self._dropped = True
        self._unsent.clear()
        self._changed.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Yields events, and a comment after each `heartbeat` without one, until the page is dropped."""
        while not self._dropped:
            try:
                async with asyncio.timeout(self._heartbeat):
                    await self._changed.wait()
            except TimeoutError:
                yield b": still here\n\n"
            self._changed.clear()
            while self._unsent:
                yield self._unsent.pop(next(iter(self._unsent)))


class Feed:
    """All open pages. `unfinished` is the progress of prompts that are not done, by id."""

    def __init__(self, timing: StreamTiming = DEFAULT_TIMING) -> None:
        self.unfinished: dict[int, Progress] = {}
        self._far: set[int] = set()  # prompts of which other members were told only that they wait
        self._timing = timing
        self._pages: set[Page] = set()

    def publish(self, server_id: int, name: str, data: dict[str, Any], subject: Hashable) -> None:
        """Send an event to every page of a server; it replaces an unsent one of the same name and subject."""
        self._put((page for page in self._pages if page.server_id == server_id), name, data, subject)

    def _put(self, pages: Iterable[Page], name: str, data: dict[str, Any], subject: Hashable) -> None:
        event = encode(name, data)
        for page in pages:
            page.put((name, subject), event)

    def publish_progress(self, progress: Progress) -> None:
        """Send where a prompt is, and store it in `unfinished` until it is in a final state.

        Places far back in the queue change all the time: each goes to its own member's pages alone.
        """
        prompt = progress.prompt
        if prompt.state.final:
            self.unfinished.pop(prompt.id, None)
        else:
            self.unfinished[prompt.id] = progress
        own = [
            page for page in self._pages if page.server_id == prompt.server_id and page.member_id == prompt.member_id
        ]
        far = seen_by(progress, NOBODY)
        if far is progress:
            self._far.discard(prompt.id)
            self.publish(prompt.server_id, "progress", progress_json(progress), prompt.id)
            return
        if prompt.id not in self._far:
            self._far.add(prompt.id)
            self.publish(prompt.server_id, "progress", progress_json(far), prompt.id)
        self._put(own, "progress", progress_json(progress), prompt.id)

    def close(self) -> None:
        """End every stream."""
        for page in self._pages:
            page.drop()

    async def follow(self, composer: Composer) -> None:
        """Publish all updates of prompts until cancelled. A failure may lose some, so all pages reload after it."""
        while True:
            try:
                await self._publish_all(composer.subscribe())
                return
            except Exception:
                log.exception("the subscription to prompts failed and is renewed")
            await asyncio.sleep(self._timing.retry_pause)
            self.unfinished.clear()
            self._far.clear()
            self.close()  # pages connect again after a second; until then the new subscription has begun

    async def _publish_all(self, updates: AsyncIterator[Progress]) -> None:
        try:
            async for progress in updates:
                self.publish_progress(progress)
        finally:
            aclose = getattr(updates, "aclose", None)
            if aclose is not None:
                await aclose()

    def open_page(self, server_id: int, member_id: int = NOBODY) -> Page:
        """A member's page that gets all events of a server from now on. Raises Busy when too many are open."""
        if len(self._pages) >= MOST_PAGES:
            raise Busy("Too many pages are open: close one.")
        page = Page(server_id, member_id, self._timing.heartbeat)
        self._pages.add(page)
        return page

    def close_page(self, page: Page) -> None:
        """Publish no more to a page."""
        self._pages.discard(page)

    async def stream(self, request: web.Request, page: Page, first: bytes) -> web.StreamResponse:
        """Send a page `first`, then its events, until it is closed or dropped."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        with suppress(ConnectionError, TimeoutError):
            await response.prepare(request)
            await self._write(response, first)
            async for event in page.events():
                await self._write(response, event)
        return response

    async def _write(self, response: web.StreamResponse, event: bytes) -> None:
        async with asyncio.timeout(self._timing.write_timeout):
            await response.write(event)


def encode(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event, with its data as JSON."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
