"""Prompt lifecycle: a row in the database, the queue, a worker, the renderer, stored tunes."""

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
from bot.composing.slots import MOST_ATTEMPTS, Slots
from bot.core.errors import BadRequest, Busy, NotAllowed, NotFound, TunesmithError, WorkerError
from bot.core.logs import about
from bot.core.metrics import Metrics
from bot.core.rendering import Playing
from bot.core.subscriptions import PromptBroadcaster
from bot.core.values import NOWHERE, Message, NewPrompt, Place, Progress, State, StoredPrompt, StoredTune
from bot.library.library import Library
from bot.render import Renders
from bot.store import Store
from bot.store.retry import retry_while_unavailable
from bot.workers import Workers
from model.prompt import LARGEST_SEED, VARIATIONS, Prompt

GRACE = 3.0  # seconds for the prompts in work when the bot stops

log = logging.getLogger(__name__)


@dataclass
class Composer:
    """Queues prompts, has them composed and rendered, stores the tunes, and publishes the progress of each prompt.

    `async with` runs it. At most `at_once` prompts are in work. `current` gives the version for a new prompt; `version`
    is the one that the worker was started with. A tune may take `deadline` seconds in the worker, and a prompt may wait
    `queue_timeout` seconds for its turn.
    """

    store: Store
    library: Library
    worker: Workers
    renderer: Renders
    queue: PromptQueue
    at_once: int = 16
    deadline: float = 120.0
    version: int = 1
    queue_timeout: float = 900.0
    metrics: Metrics = field(default_factory=Metrics)
    limits: Limits = field(default_factory=Limits)
    current: Callable[[], Awaitable[int | None]] | None = None  # None, or an answer that is None, is `version`
    broadcaster: PromptBroadcaster = field(default_factory=PromptBroadcaster)
    _running: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _accepting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _queue_changed: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _background: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False

    def __post_init__(self) -> None:
        self._timeouts = QueueTimeouts(self.queue_timeout, self._time_out)
        self._slots = Slots(self.at_once)
        self._executor = PromptExecutor(
            store=self.store,
            worker=self.worker,
            renderer=self.renderer,
            metrics=self.metrics,
            deadline=self.deadline,
            version=self.version,
        )
        self.metrics.watch("queue_length", "Prompts that wait", lambda: len(self.queue))
        self.metrics.watch("prompts_in_work", "Prompts being composed or rendered", lambda: len(self._running))

    async def __aenter__(self) -> "Composer":
        self._in_background(self._dispatch(), "dispatcher")
        self._in_background(publish_positions(self.queue, self.broadcaster, self._moved), "queue positions")
        self._in_background(publish_outages(self.broadcaster, self.store, self.worker), "outages")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop. Unfinished prompts stay in the database, and the next start resumes them."""
        self._stopping = True
        self._timeouts.close()
        interrupted = list(self._running)
        tasks = [*self._background, *self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if interrupted:
            try:
                await self.store.prompts.requeue(interrupted)
            except TunesmithError as error:
                log.error("prompts %s count as attempted: %s", interrupted, error)
        self.broadcaster.close()

    async def drain(self, grace: float = GRACE) -> None:
        """Accept and begin no more prompts, and wait at most `grace` seconds for those in work."""
        self._stopping = True
        if self._running:
            await asyncio.wait(list(self._running.values()), timeout=grace)

    async def compose(
        self, place: Place, prompt: Prompt, count: int = 1, varied_from: int | None = None, message: Message = NOWHERE
    ) -> Progress:
        """Store and queue a prompt, with the tune that it varies and the message that will carry its answer.

        Raises Busy.
        """
        if self._stopping:
            raise Busy("the bot is being stopped: please ask again in a minute")
        member_id, server_id = await self.store.members.register(place)
        async with self._accepting:  # no other prompt may be queued between the check and this one
            try:
                rules = await self.limits.check(self.queue, place, member_id, server_id)
            except Busy:
                self.metrics.refused()
                raise
            version = (await self.current() if self.current else None) or self.version
            new = NewPrompt(
                member_id=member_id,
                server_id=server_id,
                prompt=prompt,
                count=count,
                version=version,
                varied_from=varied_from,
                message=message,
            )
            stored = await self.store.prompts.add(new)
            self.limits.begin_cooldowns(member_id, server_id, rules)
            about(stored.id)
            self._enqueue(stored)
        log.info("prompt %d: %s %s, %d tunes, from %s", stored.id, prompt.key, prompt.rhythm, count, place.platform)
        return Progress(stored, self._ahead(stored.id))

    async def again(self, place: Place, tune: StoredTune, message: Message = NOWHERE) -> Progress:
        """Queue the settings of a tune with a new seed. Raises Busy."""
        prompt = replace(tune.prompt, seed=random.randrange(LARGEST_SEED))
        return await self.compose(place, prompt, varied_from=tune.varied_from, message=message)

    async def vary(self, place: Place, tune: StoredTune, how: str, message: Message = NOWHERE) -> Progress:
        """Queue a variation of a tune: its settings, a new seed. Raises BadRequest or Busy.

        `how` is one of VARIATIONS. Only the worker knows whether a tune can be varied: where not, the prompt fails as
        refused.
        """
        if how not in VARIATIONS:
            raise BadRequest(f"a tune is varied by {' or '.join(VARIATIONS)}, not {how[:20]!r}")
        prompt = replace(tune.prompt, seed=random.randrange(LARGEST_SEED), opening=tune.abc, transpose=False, vary=how)
        return await self.compose(place, prompt, varied_from=tune.id, message=message)

    async def recover(self, platforms: Collection[str], limit: int | None = None, own: bool = True) -> int:
        """Claim and queue unfinished prompts that no living bot has, and with `own` this bot's; returns how many.

        A prompt that was in work during each of the last MOST_ATTEMPTS crashes is failed instead.
        """
        async with self._accepting:
            known = {*self._running, *(prompt.id for prompt in self.queue.waiting())}
            claimed = await self.store.prompts.claim(platforms, limit=limit, own=own)
            left = [stored for stored in claimed if stored.id not in known]
            for stored in left:
                if stored.attempts < MOST_ATTEMPTS:
                    self._enqueue(replace(stored, state=State.QUEUED))
                    continue
                log.error("prompt %d was in work when the bot went down %d times: given up", stored.id, stored.attempts)
                self.metrics.failed("crash")
                await self._fail(stored, "Sorry: the bot broke down on this prompt again and again. Try another seed.")
        return len(left)

    async def cancel(self, prompt_id: int, place: Place) -> None:
        """Cancel a prompt. NotFound where it is done or unknown, NotAllowed where it is another member's."""
        member_id, _ = await self.store.members.register(place)
        stored = await self.store.prompts.load(prompt_id)
        if stored is None or stored.state.final:
            raise NotFound("that prompt is done already")
        if stored.member_id != member_id:
            raise NotAllowed("only the member who asked can cancel a prompt")
        if not await self.store.prompts.set_state(prompt_id, State.CANCELLED):
            raise NotFound("that prompt is done already")
        self.drop(prompt_id)
        self.broadcaster.publish(Progress(replace(stored, state=State.CANCELLED)))

    def drop(self, prompt_id: int) -> None:
        """Stop all work on a prompt, and publish nothing."""
        self._leave_queue(prompt_id)
        if task := self._running.get(prompt_id):
            task.cancel()

    def subscribe(self) -> AsyncIterator[Progress]:
        """The progress of every prompt from this call on, until the composer stops. See bot.core.subscriptions."""
        return self.broadcaster.subscribe()

    async def finished(self, prompt_id: int, subscription: AsyncIterator[Progress]) -> Progress:
        """Wait in a subscription, begun before a prompt was queued, for its final state. WorkerError at a stop."""
        async for progress in subscription:
            if progress.prompt.id == prompt_id and progress.prompt.state.final:
                return progress
        raise WorkerError("the bot stopped before the tune was done")

    def _in_background(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _enqueue(self, stored: StoredPrompt) -> None:
        self.queue.add(stored)
        self._timeouts.begin(stored)
        self._queue_changed.set()
        self.broadcaster.publish(Progress(stored, self._ahead(stored.id)))

    def _leave_queue(self, prompt_id: int) -> bool:
        self._timeouts.end(prompt_id)
        self._queue_changed.set()
        return self.queue.remove(prompt_id)

    def _time_out(self, stored: StoredPrompt) -> None:
        if self._leave_queue(stored.id):
            log.warning("prompt %d waited %g s and had no turn", stored.id, self.queue_timeout)
            self.metrics.failed("patience")
            line = "Sorry: so many were asking that your turn did not come. Please ask again."
            self._in_background(self._fail(stored, line), f"timeout of prompt {stored.id}")

    def _ahead(self, prompt_id: int) -> int:
        return next((n for n, prompt in enumerate(self.queue.waiting()) if prompt.id == prompt_id), 0)

    async def _dispatch(self) -> None:
        while True:
            await self._queue_changed.wait()
            self._queue_changed.clear()
            while not self._stopping and (stored := self.queue.first()):
                if not self._slots.has_room(stored, len(self._running)):
                    break
                self.queue.take()
                self._slots.begin(stored)
                task = asyncio.create_task(self._run(stored), name=f"prompt {stored.id}")
                self._running[stored.id] = task
                task.add_done_callback(lambda _, prompt_id=stored.id: self._ended(prompt_id))  # type: ignore[misc]
            self._moved.set()

    def _ended(self, prompt_id: int) -> None:
        self._running.pop(prompt_id, None)
        self._queue_changed.set()

    async def _run(self, stored: StoredPrompt) -> None:
        waited, began = self._timeouts.end(stored.id), time.monotonic()
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
        self.queue.throughput.add(time.monotonic() - began, self._slots.mean)

    async def _compose_and_store(self, stored: StoredPrompt) -> None:
        await self._set_state(stored, State.COMPOSING)
        new = await self._executor.compose(stored)
        await self._set_state(stored, State.RENDERING)
        media = await self._executor.render(new, Playing.of(stored.prompt))
        tunes = await retry_while_unavailable(self.store.prompts.finish, stored.id, new)
        for tune, files in zip(tunes, media, strict=False):  # none where it was cancelled at the last moment
            self.library.remember(tune.id, files)
            self.metrics.composed(tune.version)
        if tunes:
            log.info("prompt %d is done: tunes %s", stored.id, [tune.id for tune in tunes])
            self.broadcaster.publish(Progress(replace(stored, state=State.DONE), tunes=tuple(tunes)))

    async def _set_state(self, stored: StoredPrompt, state: State) -> None:
        if not await retry_while_unavailable(self.store.prompts.set_state, stored.id, state):
            raise asyncio.CancelledError  # it was cancelled meanwhile, which was published
        self.broadcaster.publish(Progress(replace(stored, state=state)))

    async def _fail(self, stored: StoredPrompt, error: str, refused: bool = False) -> None:
        try:
            failed = await retry_while_unavailable(self.store.prompts.set_state, stored.id, State.FAILED, error)
        except TunesmithError as gone:
            log.error("prompt %d failed, which could not be stored: %s", stored.id, gone)
            failed = True
        if failed:  # or it was cancelled meanwhile, which was published
            self.broadcaster.publish(Progress(replace(stored, state=State.FAILED, error=error), refused=refused))
