"""Who listens to the prompts, or to the retrainings, and what each has yet to hear."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from bot.core.values import Progress


class News(Protocol):
    @property
    def subject(self) -> int: ...


T = TypeVar("T", bound=News)


class Subscription(AsyncIterator[T]):
    """Events in order. A slow subscriber gets of each subject the newest event alone, so it never misses the last."""

    def __init__(self) -> None:
        self._news: dict[int, T] = {}
        self._arrived = asyncio.Event()
        self._closed = False

    def tell(self, news: T) -> None:
        self._news.pop(news.subject, None)
        self._news[news.subject] = news
        self._arrived.set()

    def close(self) -> None:
        """No more will come: the iteration ends after what is left."""
        self._closed = True
        self._arrived.set()

    async def __anext__(self) -> T:
        while not self._news:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._news.pop(next(iter(self._news)))


class Broadcaster(Generic[T]):
    """Everyone who listens. One that its owner has forgotten is dropped."""

    def __init__(self) -> None:
        self._all: weakref.WeakSet[Subscription[T]] = weakref.WeakSet()

    def __len__(self) -> int:
        return len(self._all)

    def join(self) -> Subscription[T]:
        """A listener, for as long as the caller keeps it, to every change from this call on."""
        listener: Subscription[T] = Subscription()
        self._all.add(listener)
        return listener

    def tell(self, news: T) -> None:
        for listener in self._all:
            listener.tell(news)

    def close(self) -> None:
        for listener in self._all:
            listener.close()


class PromptBroadcaster(Broadcaster[Progress]):
    """Those who follow prompts. `open` is the newest change of each prompt that is not done."""

    def __init__(self) -> None:
        super().__init__()
        self._note = ""
        self.open: dict[int, Progress] = {}

    def tell(self, news: Progress) -> None:
        if news.prompt.state.final:
            self.open.pop(news.prompt.id, None)
        else:
            news = replace(news, note=self._note)
            self.open[news.prompt.id] = news
        super().tell(news)

    def mention(self, note: str) -> None:
        """From here on each prompt that is not done carries this note."""
        if note != self._note:
            self._note = note
            for progress in list(self.open.values()):
                self.tell(progress)
