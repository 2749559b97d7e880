"""What one listener has yet to hear of the prompts."""

import asyncio
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
