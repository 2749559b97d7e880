"""Server-sent events: what happens in the bot, fanned out to every open page."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Hashable
from contextlib import suppress
from typing import Any

from aiohttp import web

from bot.core.errors import Busy
from bot.core.values import Progress
from bot.web.ports import Composer
from bot.web.serializers import progress_json

log = logging.getLogger(__name__)

MOST_EVENTS = 200  # subjects a page may be behind on; then it is dropped, connects again and reloads
MOST_PAGES = 200
_HEARTBEAT = 15.0  # seconds; also how soon a page that went away is noticed
_PATIENCE = 10.0  # seconds a page may take to read what is sent
_AGAIN = 1.0  # seconds before a failed source of changes is asked again


class Page:
    """One open page and the events it has yet to be sent: of each subject the newest only."""

    def __init__(self, server_id: int) -> None:
        self.server_id = server_id
        self._waiting: dict[Hashable, bytes] = {}
        self._news = asyncio.Event()
        self._dropped = False

    def offer(self, subject: Hashable, event: bytes) -> None:
        """Keep an event in place of an older one on its subject; a page that is too far behind is dropped instead."""
        self._waiting.pop(subject, None)
        self._waiting[subject] = event
        self._news.set()
        if len(self._waiting) > MOST_EVENTS:
            self.drop()

    def drop(self) -> None:
        """End the page's stream; what it had not read is forgotten."""
        self._dropped = True
        self._waiting.clear()
        self._news.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Its events, and a comment when there were none for a while, until it is dropped."""
        while not self._dropped:
            try:
                async with asyncio.timeout(_HEARTBEAT):
                    await self._news.wait()
            except TimeoutError:
                yield b": still here\n\n"
            self._news.clear()
            while self._waiting:
                yield self._waiting.pop(next(iter(self._waiting)))


class Feed:
    """All open pages, and the prompts that are not done yet."""

    def __init__(self) -> None:
        self.unfinished: dict[int, Progress] = {}
        self._pages: set[Page] = set()

    def tell(self, server_id: int, name: str, data: dict[str, Any], subject: Hashable) -> None:
        """Send an event to every page of a server; it replaces one on the same subject that was not sent yet."""
        event = encode(name, data)
        for page in self._pages:
            if page.server_id == server_id:
                page.offer((name, subject), event)

    def close(self) -> None:
        """End every stream."""
        for page in self._pages:
            page.drop()

    async def follow(self, composer: Composer) -> None:
        """Tell pages of every change until cancelled. After a failure they reload: changes may have been missed."""
        while True:
            try:
                await self._pass_on(composer.subscribe())
                return
            except Exception:
                log.exception("the changes of prompts stopped coming; asking again")
            await asyncio.sleep(_AGAIN)
            self.unfinished.clear()
            self.close()  # pages wait a second before they connect again: by then changes come in

    def note(self, progress: Progress) -> None:
        """Remember and tell where a prompt is."""
        if progress.prompt.state.final:
            self.unfinished.pop(progress.prompt.id, None)
        else:
            self.unfinished[progress.prompt.id] = progress
        self.tell(progress.prompt.server_id, "progress", progress_json(progress), progress.prompt.id)

    async def _pass_on(self, changes: AsyncIterator[Progress]) -> None:
        try:
            async for progress in changes:
                self.note(progress)
        finally:
            aclose = getattr(changes, "aclose", None)
            if aclose is not None:
                await aclose()

    def join(self, server_id: int) -> Page:
        """Open a page: from now on it misses nothing. Raises Busy when there are too many."""
        if len(self._pages) >= MOST_PAGES:
            raise Busy("Too many pages are open: close one.")
        page = Page(server_id)
        self._pages.add(page)
        return page

    async def stream(self, request: web.Request, page: Page, first: bytes) -> web.StreamResponse:
        """Send a page `first`, then its events, until it goes away or falls too far behind."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        with suppress(ConnectionError, TimeoutError):
            await response.prepare(request)
            await _send(response, first)
            async for event in page.events():
                await _send(response, event)
        return response

    def leave(self, page: Page) -> None:
        """Forget a page."""
        self._pages.discard(page)


def encode(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def _send(response: web.StreamResponse, event: bytes) -> None:
    async with asyncio.timeout(_PATIENCE):
        await response.write(event)
