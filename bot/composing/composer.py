"""The way of a prompt: a row in the database, the queue, a worker, the renderer, a stored tune."""

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field, replace

from bot.composing.execution import PromptExecutor
from bot.composing.outages import publish_outages
from bot.composing.queue import PromptQueue
from bot.composing.queue_positions import publish_positions
from bot.composing.queue_timeouts import QueueTimeouts
from bot.composing.rate_limits import Limits
from bot.core.errors import BadRequest, Busy, NotAllowed, NotFound, TunesmithError, WorkerError
from bot.core.logs import about
from bot.core.metrics import Metrics
from bot.core.subscriptions import PromptBroadcaster
from bot.core.values import NOWHERE, Message, NewPrompt, Place, Progress, State, StoredPrompt
from bot.library.library import Library
from bot.render import Renders
from bot.store import Store
from bot.store.retry import retry_while_unavailable
from bot.workers import Workers
from model.prompt import LARGEST_SEED, VARIATIONS, Prompt

MOST_ATTEMPTS = 3  # starts of the bot that one prompt may take down
GRACE = 3.0  # seconds that prompts in work get when the bot stops

log = logging.getLogger(__name__)


@dataclass
class Composer:
    """Queues prompts, has them composed and rendered, stores the tunes, and tells listeners of each change.

    `async with` runs it. `current` is asked for each prompt's version; `version` is the one that the worker was started
    with. A tune may take `deadline` seconds in the worker, and a prompt wait `patience` seconds for its turn.
    """

    store: Store
    library: Library
    worker: Workers
    renderer: Renders
    queue: PromptQueue
    at_once: int = 16
    deadline: float = 120.0
    version: int = 1
    patience: float = 900.0
    metrics: Metrics = field(default_factory=Metrics)
    limits: Limits = field(default_factory=Limits)
    current: Callable[[], Awaitable[int | None]] | None = None  # None, or an answer that is None, is `version`
    listeners: PromptBroadcaster = field(default_factory=PromptBroadcaster)
    _running: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _filling: bool = True  # see _has_room
    _alone: bool = False  # the one in work is suspected of taking the bot down, and may take no other along
    _accepting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _work: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _helpers: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._waits = QueueTimeouts(self.patience, self._waited_too_long)
        made_by = self.store, self.worker, self.renderer, self.metrics
        self._maker = PromptExecutor(*made_by, self.deadline, self.version)
        self.metrics.watch("queue_length", "Prompts that wait", lambda: len(self.queue))
        self.metrics.watch("prompts_in_work", "Prompts being composed or rendered", lambda: len(self._running))

    async def __aenter__(self) -> "Composer":
        self._help(self._dispatch(), "dispatcher")
        self._help(publish_positions(self.queue, self.listeners, self._moved), "places in the queue")
        self._help(publish_outages(self.listeners, self.store, self.worker), "outages")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop. Prompts that are not done stay in the database and go on after the next start."""
        self._stopping = True
        self._waits.close()
        interrupted = list(self._running)
        tasks = [*self._helpers, *self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if interrupted:
            try:
                await self.store.prompts.requeue(interrupted)
            except TunesmithError as error:
                log.error("prompts %s count as attempted: %s", interrupted, error)
        self.listeners.close()

    async def drain(self, grace: float = GRACE) -> None:
        """Accept and begin no more, and give what is in work `grace` seconds to be done."""
        self._stopping = True
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=grace)

    async def compose(
        self, place: Place, prompt: Prompt, count: int = 1, varied_from: int | None = None, message: Message = NOWHERE
    ) -> Progress:
        """Accept a prompt: store it, with the tune that it varies and its message, and queue it. Raises Busy."""
        if self._stopping:
            raise Busy("the bot is being stopped: please ask again in a minute")
        member_id, server_id = await self.store.members.register(place)
        async with self._accepting:  # between the check and the queue nobody else may come in
            try:
                rules = await self.limits.check(self.queue, place, member_id, server_id)
            except Busy:
                self.metrics.refused()
                raise
            version = (await self.current() if self.current else None) or self.version
            new = NewPrompt(member_id, server_id, prompt, count, version, varied_from, message)
            stored = await self.store.prompts.add(new)
            self.limits.note(member_id, server_id, rules)
            about(stored.id)
            self._enqueue(stored)
        log.info("prompt %d: %s %s, %d tunes, from %s", stored.id, prompt.key, prompt.rhythm, count, place.platform)
        return Progress(stored, self._ahead(stored.id))

    async def vary(self, place: Place, tune_id: int, how: str, message: Message = NOWHERE) -> Progress:
        """Queue a variation of a stored tune: its settings, a new seed. Raises NotFound, BadRequest or Busy.

        `how` is one of VARIATIONS. What can be varied is known to the worker alone: a tune that cannot fails its prompt
        as refused.
        """
        if how not in VARIATIONS:
            raise BadRequest(f"a tune is varied by {' or '.join(VARIATIONS)}, not {how[:20]!r}")
        tune = await self.library.tune(tune_id)
        prompt = replace(tune.prompt, seed=random.randrange(LARGEST_SEED), opening=tune.abc, transpose=False, vary=how)
        return await self.compose(place, prompt, varied_from=tune.id, message=message)

    async def recover(self, platforms: Collection[str], limit: int | None = None, mine: bool = True) -> int:
        """Queue again what an earlier run (or without `mine` another bot, now gone) left undone; how many that were.

        One that was in work each of the last MOST_ATTEMPTS times when the bot went down is failed instead.
        """
        async with self._accepting:
            known = {*self._running, *(prompt.id for prompt in self.queue.waiting())}
            left = [
                stored for stored in await self.store.prompts.claim(platforms, limit, mine) if stored.id not in known
            ]
            for stored in left:
                if stored.attempts < MOST_ATTEMPTS:
                    self._enqueue(replace(stored, state=State.QUEUED))
                    continue
                log.error("prompt %d was in work when the bot went down %d times: given up", stored.id, stored.attempts)
                self.metrics.failed("crash")
                await self._fail(stored, "Sorry: the bot broke down on this prompt again and again. Try another seed.")
        return len(left)

    async def cancel(self, prompt_id: int, place: Place) -> None:
        """Take a prompt back. NotFound when it is done or unknown, NotAllowed when it is another member's."""
        member_id, _ = await self.store.members.register(place)
        stored = await self.store.prompts.load(prompt_id)
        if stored is None or stored.state.final:
            raise NotFound("that prompt is done already")
        if stored.member_id != member_id:
            raise NotAllowed("only the member who asked can cancel a prompt")
        if not await self.store.prompts.set_state(prompt_id, State.CANCELLED):
            raise NotFound("that prompt is done already")
        self.drop(prompt_id)
        self.listeners.tell(Progress(replace(stored, state=State.CANCELLED)))

    def drop(self, prompt_id: int) -> None:
        """Have no more to do with a prompt, and tell nobody."""
        self._leave_queue(prompt_id)
        if task := self._running.get(prompt_id):
            task.cancel()

    def changes(self) -> AsyncIterator[Progress]:
        """Every change of every prompt from this call on, until the composer stops. See Changes."""
        return self.listeners.join()

    async def finished(self, prompt_id: int, changes: AsyncIterator[Progress]) -> Progress:
        """Wait in `changes`, which were asked for before it was queued, for the final state of one prompt."""
        async for progress in changes:
            if progress.prompt.id == prompt_id and progress.prompt.state.final:
                return progress
        raise WorkerError("the bot stopped before the tune was done")

    def _help(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    def _enqueue(self, stored: StoredPrompt) -> None:
        self.queue.add(stored)
        self._waits.begin(stored)
        self._work.set()
        self.listeners.tell(Progress(stored, self._ahead(stored.id)))

    def _leave_queue(self, prompt_id: int) -> bool:
        self._waits.end(prompt_id)
        self._work.set()
        return self.queue.remove(prompt_id)

    def _waited_too_long(self, stored: StoredPrompt) -> None:
        if self._leave_queue(stored.id):
            log.warning("prompt %d waited %g s and had no turn", stored.id, self.patience)
            self.metrics.failed("patience")
            line = "Sorry: so many were asking that your turn did not come. Please ask again."
            self._help(self._fail(stored, line), f"apology {stored.id}")

    def _ahead(self, prompt_id: int) -> int:
        return next((n for n, prompt in enumerate(self.queue.waiting()) if prompt.id == prompt_id), 0)

    async def _dispatch(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while (stored := self.queue.first()) and self._has_room(stored):
                self.queue.take()
                self._alone = _suspected(stored)
                task = asyncio.create_task(self._run(stored), name=f"prompt {stored.id}")
                self._running[stored.id] = task
                task.add_done_callback(lambda _, prompt_id=stored.id: self._ended(prompt_id))  # type: ignore[misc]
            self._moved.set()

    def _has_room(self, stored: StoredPrompt) -> bool:
        if self._stopping:
            return False
        if self._alone or _suspected(stored):
            return not self._running
        # once the room is full, the next ones wait until half of it is free: a few tunes composed together take the
        # worker little longer than one, and the renderers have the other half to do meanwhile
        running = len(self._running)
        self._filling = running < self.at_once if self._filling else running <= self.at_once // 2
        return self._filling

    def _ended(self, prompt_id: int) -> None:
        self._running.pop(prompt_id, None)
        self._work.set()

    async def _run(self, stored: StoredPrompt) -> None:
        waited, began = self._waits.end(stored.id), time.monotonic()
        about(stored.id)
        log.info("prompt %d has its turn after %.1f s", stored.id, waited)
        self.metrics.wait.observe(waited)
        try:
            await self._compose_and_store(stored)
            self.metrics.total.observe(waited + time.monotonic() - began)
        except TunesmithError as error:
            log.info("prompt %d failed: %s", stored.id, error)
            self.metrics.failed(error)
            await self._fail(stored, str(error), refused=isinstance(error, BadRequest))
        except Exception as error:
            self.metrics.failed(error)
            reference = secrets.token_hex(3)
            log.exception("prompt %d failed, reference %s", stored.id, reference)
            await self._fail(stored, f"Something broke on our side. If it happens again, tell an admin: {reference}")
        self.queue.pace.note(time.monotonic() - began, max(1, 3 * self.at_once // 4))  # on average, see _has_room

    async def _compose_and_store(self, stored: StoredPrompt) -> None:
        await self._move(stored, State.COMPOSING)
        new = await self._maker.composed(stored)
        await self._move(stored, State.RENDERING)
        media = await self._maker.rendered(new)
        tunes = await retry_while_unavailable(self.store.prompts.finish, stored.id, new)
        for tune, files in zip(tunes, media, strict=False):  # none when it was cancelled at the last moment
            self.library.remember(tune.id, files)
            self.metrics.composed(tune.version)
        if tunes:
            log.info("prompt %d is done: tunes %s", stored.id, [tune.id for tune in tunes])
            self.listeners.tell(Progress(replace(stored, state=State.DONE), tunes=tuple(tunes)))

    async def _move(self, stored: StoredPrompt, state: State) -> None:
        if not await retry_while_unavailable(self.store.prompts.set_state, stored.id, state):
            raise asyncio.CancelledError  # it was cancelled meanwhile, and its listeners know
        self.listeners.tell(Progress(replace(stored, state=state)))

    async def _fail(self, stored: StoredPrompt, error: str, refused: bool = False) -> None:
        try:
            failed = await retry_while_unavailable(self.store.prompts.set_state, stored.id, State.FAILED, error)
        except TunesmithError as gone:
            log.error("prompt %d failed, which could not be stored: %s", stored.id, gone)
            failed = True
        if failed:  # or it was cancelled meanwhile, and its listeners know
            self.listeners.tell(Progress(replace(stored, state=State.FAILED, error=error), refused=refused))


def _suspected(stored: StoredPrompt) -> bool:
    return stored.attempts >= MOST_ATTEMPTS - 1
