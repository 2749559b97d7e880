"""Workers on other machines, from the bot's side. Redis carries jobs; the order of prompts is the composer's."""

import asyncio
import itertools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.errors import ConfigError, WorkerError
from bot.workers.cluster import messages
from bot.workers.cluster.connection import RETRY_AFTER, BrokerRefuses, BrokerUnavailable, ConnectionState, end
from bot.workers.cluster.files import read_whole
from bot.workers.cluster.jobs import TIMINGS, Broker, BrokerTimings
from bot.workers.health import Health
from model.worker.protocol import Event, Job

_UNAVAILABLE = "the way to the composers is blocked just now: your tune waits until it is free…"
_UNREADABLE = "the composer's answer cannot be read: please try again"
_TOO_LATE = "no composer had this done in time: please try again"
_NO_WORKER = "no composer is there just now: your tune waits until one comes…"

log = logging.getLogger(__name__)


@dataclass
class _Pending:
    job: Job
    outcome: asyncio.Future[Event]
    worker: str = ""  # that has it

    def resolve(self, event: Event | None) -> None:
        """Give the job its outcome; None is one that cannot be read."""
        if self.outcome.done():
            return
        if event:
            self.outcome.set_result(replace(event, id=self.job.id))
        else:
            self.outcome.set_exception(WorkerError(_UNREADABLE))


async def _no_checkpoint(_: str) -> bytes | None:
    return None


@dataclass
class Cluster:
    """Gives jobs to whichever worker claims them in Redis; `async with` starts and closes it.

    A job has one outcome, however many workers had it, and `patience` seconds for it from when it is accepted. While
    Redis is unavailable jobs wait, and are put there again if it has forgotten them. A worker that was silent for
    `lease` seconds counts as gone. `provide` finds a checkpoint's bytes by its hash where its file is not on this
    machine. What Redis knows of workers is read every `poll` seconds.
    ConfigError for a URL that cannot be read or a wrong password.
    """

    url: str = field(repr=False)
    lease: float = 15.0
    provide: Callable[[str], Awaitable[bytes | None]] = _no_checkpoint
    poll: float = 1.0
    patience: float = 900.0
    timings: BrokerTimings = TIMINGS
    restarts: int = 0  # jobs that went from one worker to another
    _bot: str = field(default_factory=lambda: secrets.token_hex(8))
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _paths: dict[str, Path] = field(default_factory=dict)  # of checkpoints that jobs named, by hash
    _workers: dict[str, Health] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _done: list[str] = field(default_factory=list)  # answered, and not yet taken back from Redis
    _background: set[asyncio.Task[None]] = field(default_factory=set)
    _closing: bool = False

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._refused: set[str] = set()  # workers of other releases that were logged
        try:
            self._broker = Broker(self.url, timings=self.timings)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        self._connection = ConnectionState(self._broker.address, "jobs wait until it is available")

    async def __aenter__(self) -> Self:
        try:
            await self._read_workers()
        except BrokerRefuses as error:
            await self._broker.close()
            refused = f"Redis at {self._broker.address} refuses the bot ({error}): see [workers] broker"
            raise ConfigError(refused) from error
        except BrokerUnavailable as error:
            self._connection.lost(error)
        self._tasks = [
            asyncio.create_task(self._receive(), name="messages of workers"),
            asyncio.create_task(self._maintain(), name="health of workers"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        for pending in self._pending.values():
            if not pending.outcome.done():
                pending.outcome.set_exception(WorkerError("the bot is stopping"))
        await end([*self._tasks, *self._background])
        with suppress(BrokerUnavailable):
            if (names := [*self._pending, *self._done]) and self._connection.available:
                await self._broker.forget(names)
        await self._broker.close()

    @property
    def rejected(self) -> int:
        """How many messages from Redis could not be read."""
        return self._broker.inbox.rejected

    @property
    def outage(self) -> str:
        """A line for members who wait while nothing can be composed; empty otherwise."""
        if not self._connection.available:
            return _UNAVAILABLE
        return "" if any(map(self._is_usable, self._workers.values())) else _NO_WORKER

    def workers(self) -> list[Health]:
        """Those that gave a sign of life in the last hour, the latest first; `seen` is how many seconds ago."""
        return sorted(self._workers.values(), key=lambda health: health.seen)

    async def compose(self, job: Job) -> Event:
        """The outcome of `job`, whose own deadline begins with a worker. WorkerError after `patience` seconds."""
        if self._closing:
            raise WorkerError("the bot is stopping")
        name = f"{self._bot}.{next(self._numbers)}"
        pending = self._pending[name] = _Pending(job, asyncio.get_running_loop().create_future())
        if job.checkpoint:
            self._paths[job.sha256] = Path(job.checkpoint)
        try:
            async with asyncio.timeout(self.patience):
                await self._offer([name])
                return await pending.outcome
        except TimeoutError:
            raise WorkerError(_TOO_LATE) from None
        finally:
            del self._pending[name]
            if pending.outcome.cancelled() and not self._closing:
                self._start(self._forget(name))
            else:
                self._done.append(name)

    async def _offer(self, names: list[str]) -> None:
        """Put jobs where workers find them, or renew them; resolve those that have outcomes."""
        jobs = [(name, self._pending[name].job.sha256, self._text(name)) for name in names]
        try:
            outcomes = await self._broker.offer(jobs)
        except BrokerUnavailable as error:
            self._connection.lost(error)
            return
        for name, text in outcomes.items():
            if name in self._pending:
                self._pending[name].resolve(self._broker.inbox.read("an outcome", text, messages.event))

    def _text(self, name: str) -> str:
        # a path means something on this machine alone
        return json.dumps(replace(self._pending[name].job, id=name, checkpoint="").to_json())

    async def _forget(self, name: str) -> None:
        with suppress(BrokerUnavailable):
            await self._broker.forget([name])

    async def _receive(self) -> None:
        while True:
            try:
                message = await self._broker.next_message(self._bot)
                self._connection.restored()
            except BrokerUnavailable as error:
                self._connection.lost(error)
                await asyncio.sleep(RETRY_AFTER)
                continue
            if message and (pending := self._pending.get(message.id)):
                self._on_message(pending, message)

    def _on_message(self, pending: _Pending, message: messages.Notice) -> None:
        if message.outcome:
            pending.resolve(self._broker.inbox.read("an outcome", message.outcome, messages.event))
            return
        if pending.worker:
            self.restarts += 1
            log.warning("job %s went from worker %s to %.80r", pending.job.id, pending.worker, message.worker)
        else:
            log.info("job %s is with worker %.80r", pending.job.id, message.worker)
        pending.worker = message.worker

    async def _maintain(self) -> None:
        while True:
            await asyncio.sleep(self.poll)
            try:
                await self._read_workers()
                if done := self._done:
                    self._done = []
                    await self._broker.forget(done)
                if self._pending:
                    await self._offer(list(self._pending))
                for sha256 in await self._broker.files.requested():
                    await self._upload(sha256)
            except BrokerUnavailable as error:
                self._connection.lost(error)
            except Exception:  # the next round may succeed; jobs must not wait for ever
                log.exception("reading the health of the workers failed")

    async def _read_workers(self) -> None:
        await self._broker.announce()
        self._workers = await self._broker.workers()
        for name, health in self._workers.items():
            if health.protocol != self._broker.protocol and name not in self._refused:
                self._refused.add(name)
                log.error("worker %.80r is of another release: it gets no jobs until it has this one's", health.name)

    def _is_usable(self, health: Health) -> bool:
        return health.seen < self.lease and health.protocol == self._broker.protocol

    async def _upload(self, sha256: str) -> None:
        path = self._paths.get(sha256)
        data = await asyncio.to_thread(read_whole, path, sha256) if path else None
        data = data or await self.provide(sha256)
        if data:
            await self._broker.files.upload(sha256, data)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        """Run `work` in the background, as a task that is held until it ends."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
