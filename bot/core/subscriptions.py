"""Subscriptions to the updates of prompts, or of retrainings."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from bot.core.values import Progress


class Update(Protocol):
    """The present state of a subject, such as a prompt, which is named by its id."""

    @property
    def subject(self) -> int: ...


T = TypeVar("T", bound=Update)


class Subscription(AsyncIterator[T]):
    """Updates in order. A slow subscriber gets only the newest update of each subject, so it never misses the last."""

    def __init__(self) -> None:
        self._updates: dict[int, T] = {}
        self._arrived = asyncio.Event()
        self._closed = False

    def receive(self, update: T) -> None:
        self._updates.pop(update.subject, None)
        self._updates[update.subject] = update
        self._arrived.set()

    def close(self) -> None:
        """End the iteration, after the updates that were received."""
        self._closed = True
        self._arrived.set()

    async def __anext__(self) -> T:
        while not self._updates:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._updates.pop(next(iter(self._updates)))


class Broadcaster(Generic[T]):
    """Publishes updates to all subscriptions. One that its owner no longer holds is dropped."""

    def __init__(self) -> None:
        self._subscriptions: weakref.WeakSet[Subscription[T]] = weakref.WeakSet()

    def __len__(self) -> int:
        return len(self._subscriptions)

    def subscribe(self) -> Subscription[T]:
        """A subscription to every update from this call on, for as long as the caller holds it."""
        subscription: Subscription[T] = Subscription()
        self._subscriptions.add(subscription)
        return subscription

    def publish(self, update: T) -> None:
        for subscription in self._subscriptions:
            subscription.receive(update)

    def close(self) -> None:
        """End every subscription."""
        for subscription in self._subscriptions:
            subscription.close()


class PromptBroadcaster(Broadcaster[Progress]):
    """Publishes the progress of prompts. `unfinished` has the newest progress of each that is in no final state."""

    def __init__(self) -> None:
        super().__init__()
        self._note = ""
        self.unfinished: dict[int, Progress] = {}

    def publish(self, update: Progress) -> None:
        if update.prompt.state.final:
            self.unfinished.pop(update.prompt.id, None)
        else:
            update = replace(update, note=self._note)
            self.unfinished[update.prompt.id] = update
        super().publish(update)

    def set_note(self, note: str) -> None:
        """Put this note on every unfinished prompt from now on, and publish those that have another one."""
        if note != self._note:
            self._note = note
            for progress in list(self.unfinished.values()):
                self.publish(progress)
