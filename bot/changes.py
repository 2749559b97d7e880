"""Who listens to the prompts, and what each has yet to hear."""

import asyncio
import weakref
from collections.abc import AsyncIterator

from bot.values import Progress


class Changes(AsyncIterator[Progress]):
    """Changes in order. A listener that is slow gets of each prompt the newest alone, so it never misses its end."""

    def __init__(self) -> None:
        self._news: dict[int, Progress] = {}
        self._arrived = asyncio.Event()
        self._closed = False

    def tell(self, progress: Progress) -> None:
        self._news.pop(progress.prompt.id, None)
        self._news[progress.prompt.id] = progress
        self._arrived.set()

    def close(self) -> None:
        """No more will come: the iteration ends after what is left."""
        self._closed = True
        self._arrived.set()

    async def __anext__(self) -> Progress:
        while not self._news:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._news.pop(next(iter(self._news)))


class Listeners:
    """Everyone who listens. One that its owner has forgotten is dropped."""

    def __init__(self) -> None:
        self._all: weakref.WeakSet[Changes] = weakref.WeakSet()

    def __len__(self) -> int:
        return len(self._all)

    def join(self) -> Changes:
        """A listener, for as long as the caller keeps it, to every change from this call on."""
        listener = Changes()
        self._all.add(listener)
        return listener

    def tell(self, progress: Progress) -> None:
        for listener in self._all:
            listener.tell(progress)

    def close(self) -> None:
        for listener in self._all:
            listener.close()
