"""Who listens to the prompts, and what each has yet to hear."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from dataclasses import replace

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
    """Everyone who listens. One that its owner has forgotten is dropped.

    `open` is the newest change of each prompt that is not done.
    """

    def __init__(self) -> None:
        self._all: weakref.WeakSet[Changes] = weakref.WeakSet()
        self._note = ""
        self.open: dict[int, Progress] = {}

    def __len__(self) -> int:
        return len(self._all)

    def join(self) -> Changes:
        """A listener, for as long as the caller keeps it, to every change from this call on."""
        listener = Changes()
        self._all.add(listener)
        return listener

    def tell(self, progress: Progress) -> None:
        if progress.prompt.state.final:
            self.open.pop(progress.prompt.id, None)
        else:
            progress = replace(progress, note=self._note)
            self.open[progress.prompt.id] = progress
        for listener in self._all:
            listener.tell(progress)

    def mention(self, note: str) -> None:
        """From here on each prompt that is not done carries this note."""
        if note != self._note:
            self._note = note
            for progress in list(self.open.values()):
                self.tell(progress)

    def close(self) -> None:
        for listener in self._all:
            listener.close()
