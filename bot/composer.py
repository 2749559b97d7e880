"""The way of a prompt: a row in the database, the queue, a worker, the renderer, a stored tune."""

import asyncio
import logging
import secrets
import weakref
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.changes import Changes
from bot.errors import BadRequest, NotAllowed, NotFound, TunesmithError, WorkerError
from bot.library import Library
from bot.queue import PromptQueue
from bot.store import Store
from bot.values import NewTune, Place, Progress, State, StoredPrompt
from model.jobs import Event, Job, Prompt

RENDERED = ("png", "mid", "mp3")

log = logging.getLogger(__name__)


class Worker(Protocol):
    async def compose(self, job: Job) -> Event: ...


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
    _listeners: weakref.WeakSet[Changes] = field(default_factory=weakref.WeakSet)
    _accepting: asyncio.Lock = field(default_factory=asyncio.Lock)
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
        for listener in self._listeners:
            listener.close()

    async def compose(self, place: Place, prompt: Prompt, count: int = 1) -> Progress:
        """Accept a prompt: store it and queue it. Raises Busy."""
        member_id, server_id = await self.store.place(place)
        async with self._accepting:  # between the check and the queue nobody else may come in
            self.queue.check(member_id)
            stored = await self.store.add_prompt(member_id, server_id, prompt, count, self.version)
            self._enqueue(stored)
        log.info("prompt %d: %s %s, %d tunes, from %s", stored.id, prompt.key, prompt.rhythm, count, place.platform)
        return Progress(stored, self._ahead(stored.id))

    async def recover(self, platforms: Collection[str]) -> int:
        """Queue again what an earlier run left undone; how many prompts that were."""
        async with self._accepting:
            known = {*self._running, *(prompt.id for prompt in self.queue.waiting())}
            left = [stored for stored in await self.store.unfinished(platforms) if stored.id not in known]
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
        if not await self.store.set_state(prompt_id, State.CANCELLED):
            raise NotFound("that prompt is done already")
        self.queue.remove(prompt_id)
        if task := self._running.get(prompt_id):
            task.cancel()
        self._tell(Progress(replace(stored, state=State.CANCELLED)))
        self._tell_waiting()

    def changes(self) -> AsyncIterator[Progress]:
        """Every change of every prompt from this call on, until the composer stops. See Changes."""
        listener = Changes()
        self._listeners.add(listener)  # for as long as the caller keeps it
        return listener

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
        for listener in self._listeners:
            listener.tell(progress)

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
            await self._fail(stored, str(error), refused=isinstance(error, BadRequest))
        except Exception:
            reference = secrets.token_hex(3)
            log.exception("prompt %d failed, reference %s", stored.id, reference)
            await self._fail(stored, f"Something broke on our side. If it happens again, tell an admin: {reference}")

    async def _compose_and_store(self, stored: StoredPrompt) -> None:
        await self._move(stored, State.COMPOSING)
        path = await self._checkpoint(stored.version)
        prompts = [replace(stored.prompt, seed=stored.prompt.seed + i) for i in range(stored.count)]
        jobs = [Job(f"{stored.id}.{i}", prompt, self.deadline, path) for i, prompt in enumerate(prompts)]
        # a TaskGroup would hide the one error that is worth telling inside an ExceptionGroup
        tasks = [asyncio.create_task(self._one(job)) for job in jobs]
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

    async def _checkpoint(self, version: int) -> str:
        """The file of a version that an earlier run composed with; empty for the worker's own."""
        if version == self.version:
            return ""
        return next((known.path for known in await self.store.versions() if known.number == version), "")

    async def _one(self, job: Job) -> NewTune:
        event = await self.worker.compose(job)
        if event.state == "failed":
            raise BadRequest(event.error) if event.fault == "input" else WorkerError(event.error)
        return NewTune(0, job.prompt.seed, event.title, event.abc)

    async def _move(self, stored: StoredPrompt, state: State) -> None:
        if not await self.store.set_state(stored.id, state):
            raise asyncio.CancelledError  # it was cancelled meanwhile, and its listeners know
        self._tell(Progress(replace(stored, state=state)))

    async def _fail(self, stored: StoredPrompt, error: str, refused: bool = False) -> None:
        try:
            failed = await self.store.set_state(stored.id, State.FAILED, error)
        except TunesmithError as gone:
            log.error("prompt %d failed, which could not be stored: %s", stored.id, gone)
            failed = True
        if failed:  # or it was cancelled meanwhile, and its listeners know
            self._tell(Progress(replace(stored, state=State.FAILED, error=error), refused=refused))
