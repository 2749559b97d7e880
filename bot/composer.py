"""The way of a prompt: a row in the database, the queue, a worker, the renderer, a stored tune."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.errors import NotAllowed, NotFound, TunesmithError, WorkerError
from bot.library import Library
from bot.queue import PromptQueue
from bot.store import Store
from bot.values import NewTune, Place, Progress, State, StoredPrompt
from model.jobs import Event, Job, Prompt

RENDERED = ("png", "mid", "mp3")
BACKLOG = 1000  # changes one slow listener may be behind

log = logging.getLogger(__name__)


class Worker(Protocol):
    async def compose(self, job: Job, on_event: Callable[[Event], None] = ...) -> Event: ...


class Renderer(Protocol):
    async def render(self, abc: str, kinds: Collection[str] = ...) -> dict[str, bytes]: ...


@dataclass
class Composer:
    """Queues prompts, has them composed and rendered, stores the tunes, and tells listeners of each change.

    `async with` runs it. `version` is the checkpoint's number; a tune may take `deadline` seconds in the worker.
    """

    store: Store
    library: Library
    worker: Worker
    renderer: Renderer
    queue: PromptQueue
    at_once: int = 8
    deadline: float = 120.0
    version: int = 1
    _running: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _listeners: set[asyncio.Queue[Progress]] = field(default_factory=set)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _dispatcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Composer":
        self._dispatcher = asyncio.create_task(self._dispatch(), name="dispatcher")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop. Prompts that are not done stay in the database and go on after the next start."""
        tasks = [task for task in (self._dispatcher, *self._running.values()) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def compose(self, place: Place, prompt: Prompt, count: int = 1) -> Progress:
        """Accept a prompt: store it and queue it. Raises Busy."""
        member_id, server_id = await self.store.place(place)
        self.queue.check(member_id)
        stored = await self.store.add_prompt(member_id, server_id, prompt, count, self.version)
        log.info("prompt %d: %s %s, %d tunes, from %s", stored.id, prompt.key, prompt.rhythm, count, place.platform)
        self._enqueue(stored)
        return Progress(stored, self._ahead(stored.id))

    async def recover(self, platforms: Collection[str]) -> int:
        """Queue again what an earlier run left undone; how many prompts that were."""
        left = await self.store.unfinished(platforms)
        for stored in left:
            self._enqueue(replace(stored, state=State.QUEUED))
        return len(left)

    async def cancel(self, prompt_id: int, place: Place) -> None:
        """Take a prompt back. NotFound when it is done or unknown, NotAllowed when it is another member's."""
        member_id, _ = await self.store.place(place)
        stored = await self.store.prompt(prompt_id)
        if stored is None or stored.state.final:
            raise NotFound("that prompt is done already")
        if stored.member_id != member_id:
            raise NotAllowed("only the member who asked can cancel a prompt")
        self.queue.remove(prompt_id)
        if await self.store.set_state(prompt_id, State.CANCELLED):
            if task := self._running.get(prompt_id):
                task.cancel()
            self._tell(Progress(replace(stored, state=State.CANCELLED)))
            self._tell_waiting()

    def changes(self) -> AsyncIterator[Progress]:
        """Every change of every prompt from this call on. A listener that falls far behind loses the oldest."""
        heard: asyncio.Queue[Progress] = asyncio.Queue(BACKLOG)
        self._listeners.add(heard)
        return self._heard(heard)

    async def _heard(self, heard: asyncio.Queue[Progress]) -> AsyncIterator[Progress]:
        try:
            while True:
                yield await heard.get()
        finally:
            self._listeners.discard(heard)

    async def finished(self, prompt_id: int, changes: AsyncIterator[Progress]) -> Progress:
        """Wait in `changes`, which were asked for before it was queued, for the final state of one prompt."""
        async for progress in changes:
            if progress.prompt.id == prompt_id and progress.prompt.state.final:
                return progress
        raise WorkerError("the bot stopped before the tune was done")

    def _enqueue(self, stored: StoredPrompt) -> None:
        self.queue.add(stored)
        self._work.set()
        self._tell(Progress(stored, self._ahead(stored.id)))

    def _ahead(self, prompt_id: int) -> int:
        return next((n for n, prompt in enumerate(self.queue.waiting()) if prompt.id == prompt_id), 0)

    def _tell(self, progress: Progress) -> None:
        for heard in self._listeners:
            if heard.full():
                heard.get_nowait()
            heard.put_nowait(progress)

    def _tell_waiting(self) -> None:
        for ahead, prompt in enumerate(self.queue.waiting()):
            self._tell(Progress(prompt, ahead))

    async def _dispatch(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while len(self._running) < self.at_once and (stored := self.queue.take()):
                task = asyncio.create_task(self._run(stored), name=f"prompt {stored.id}")
                self._running[stored.id] = task
                task.add_done_callback(lambda _, prompt_id=stored.id: self._ended(prompt_id))  # type: ignore[misc]
            self._tell_waiting()

    def _ended(self, prompt_id: int) -> None:
        self._running.pop(prompt_id, None)
        self._work.set()

    async def _run(self, stored: StoredPrompt) -> None:
        try:
            await self._compose_and_store(stored)
        except TunesmithError as error:
            log.info("prompt %d failed: %s", stored.id, error)
            await self._fail(stored, str(error))
        except Exception:
            reference = secrets.token_hex(3)
            log.exception("prompt %d failed, reference %s", stored.id, reference)
            await self._fail(stored, f"Something broke on our side. If it happens again, tell an admin: {reference}")

    async def _compose_and_store(self, stored: StoredPrompt) -> None:
        await self._move(stored, State.COMPOSING)
        prompts = [replace(stored.prompt, seed=stored.prompt.seed + i) for i in range(stored.count)]
        # a TaskGroup would hide the one error that is worth telling inside an ExceptionGroup
        tasks = [asyncio.create_task(self._one(f"{stored.id}.{i}", prompt)) for i, prompt in enumerate(prompts)]
        try:
            composed = await asyncio.gather(*tasks)
            await self._move(stored, State.RENDERING)
            media = [await self.renderer.render(tune.abc, RENDERED) for tune in composed]
        finally:
            for task in tasks:
                task.cancel()
        tunes = await self.store.finish(stored.id, [replace(tune, ordinal=i) for i, tune in enumerate(composed)])
        for tune, files in zip(tunes, media, strict=False):  # none when it was cancelled at the last moment
            self.library.remember(tune.id, files)
        if tunes:
            log.info("prompt %d is done: tunes %s", stored.id, [tune.id for tune in tunes])
            self._tell(Progress(replace(stored, state=State.DONE), tunes=tuple(tunes)))

    async def _one(self, job_id: str, prompt: Prompt) -> NewTune:
        event = await self.worker.compose(Job(job_id, prompt, self.deadline))
        if event.state == "failed":
            raise WorkerError(event.error)
        return NewTune(0, prompt.seed, event.title, event.abc)

    async def _move(self, stored: StoredPrompt, state: State) -> None:
        if not await self.store.set_state(stored.id, state):
            raise asyncio.CancelledError  # it was cancelled meanwhile, and its listeners know
        self._tell(Progress(replace(stored, state=state)))

    async def _fail(self, stored: StoredPrompt, error: str) -> None:
        with contextlib.suppress(TunesmithError):  # a database that is gone is already in the log
            await self.store.set_state(stored.id, State.FAILED, error)
        self._tell(Progress(replace(stored, state=State.FAILED, error=error)))
