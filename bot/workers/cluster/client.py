"""Workers on other machines: the bot's end. Redis carries jobs; whose turn it is, database and composer know."""

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
from typing import Any, Self

from bot.core.errors import ConfigError, WorkerError
from bot.workers.cluster.files import AGAIN, BrokerRefuses, BrokerUnavailable, end, read_whole
from bot.workers.cluster.jobs import Broker
from bot.workers.health import Health
from model.worker.protocol import Event, Job

EVERY = 1.0  # seconds between two looks at what Redis knows
_AWAY = "the way to the composers is blocked just now: your tune waits until it is free…"
_NOBODY = "no composer is there just now: your tune waits until one comes…"

log = logging.getLogger(__name__)


@dataclass
class _Pending:
    job: Job
    outcome: asyncio.Future[Event]
    worker: str = ""  # who has it

    def end(self, text: str) -> None:
        if not self.outcome.done():
            self.outcome.set_result(replace(Event.from_line(text), id=self.job.id))


async def _nothing(_: str) -> bytes | None:
    return None


@dataclass
class Cluster:
    """Gives jobs to whoever takes them from Redis; `async with` starts and closes it.

    A job has one outcome, however many workers had it. While Redis is away jobs wait, and are put there again if it has
    forgotten them. A worker that was silent for `lease` seconds counts as gone. `provide` finds a checkpoint's bytes by
    its hash where its file is not on this machine. ConfigError for a URL that cannot be read or a wrong password.
    """

    url: str = field(repr=False)
    lease: float = 15.0
    provide: Callable[[str], Awaitable[bytes | None]] = _nothing
    restarts: int = 0  # jobs that went from one worker to another
    _bot: str = field(default_factory=lambda: secrets.token_hex(8))
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _paths: dict[str, Path] = field(default_factory=dict)  # of checkpoints that jobs asked for, by hash
    _workers: dict[str, Health] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _done: list[str] = field(default_factory=list)  # answered, and not forgotten yet
    _helpers: set[asyncio.Task[None]] = field(default_factory=set)
    _away: bool = False
    _closing: bool = False

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._complained: set[str] = set()
        try:
            self._broker = Broker(self.url)
        except ValueError as error:
            raise ConfigError(str(error)) from error

    async def __aenter__(self) -> Self:
        try:
            await self._look()
        except BrokerRefuses as error:
            await self._broker.close()
            refused = f"Redis at {self._broker.address} refuses the bot ({error}): see [workers] broker"
            raise ConfigError(refused) from error
        except BrokerUnavailable as error:
            self._lost(error)
        self._tasks = [
            asyncio.create_task(self._listen(), name="replies of workers"),
            asyncio.create_task(self._look_after(), name="health of workers"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        for pending in self._pending.values():
            if not pending.outcome.done():
                pending.outcome.set_exception(WorkerError("the bot is stopping"))
        await end([*self._tasks, *self._helpers])
        with suppress(BrokerUnavailable):
            if (names := [*self._pending, *self._done]) and not self._away:
                await self._broker.forget(names)
        await self._broker.close()

    @property
    def outage(self) -> str:
        """A line for whoever waits while nothing can be composed; empty while all is well."""
        if self._away:
            return _AWAY
        return "" if any(map(self._is_usable, self._workers.values())) else _NOBODY

    def workers(self) -> list[Health]:
        """Those who were heard of in the last hour, the latest first; `seen` is how many seconds ago."""
        return sorted(self._workers.values(), key=lambda health: health.seen)

    async def compose(self, job: Job) -> Event:
        """The outcome of `job`, however long it takes until a worker is there. Its deadline begins with a worker."""
        if self._closing:
            raise WorkerError("the bot is stopping")
        name = f"{self._bot}.{next(self._numbers)}"
        pending = self._pending[name] = _Pending(job, asyncio.get_running_loop().create_future())
        if job.checkpoint:
            self._paths[job.sha256] = Path(job.checkpoint)
        try:
            await self._offer([name])
            return await pending.outcome
        finally:
            del self._pending[name]
            if pending.outcome.cancelled() and not self._closing:
                self._help(self._forget(name))
            else:
                self._done.append(name)

    async def _offer(self, names: list[str]) -> None:
        """Put jobs where workers find them, or say that they are still wanted; take the outcomes that have come."""
        jobs = [(name, self._pending[name].job.sha256, self._text(name)) for name in names]
        try:
            outcomes = await self._broker.offer(jobs)
        except BrokerUnavailable as error:
            self._lost(error)
            return
        for name, text in outcomes.items():
            if name in self._pending:
                self._pending[name].end(text)

    def _text(self, name: str) -> str:
        # a path means something on this machine alone
        return json.dumps(replace(self._pending[name].job, id=name, checkpoint="").to_json())

    async def _forget(self, name: str) -> None:
        with suppress(BrokerUnavailable):
            await self._broker.forget([name])

    async def _listen(self) -> None:
        while True:
            try:
                reply = await self._broker.reply(self._bot)
                self._found()
            except BrokerUnavailable as error:
                self._lost(error)
                await asyncio.sleep(AGAIN)
                continue
            if reply and (pending := self._pending.get(reply["id"])):
                self._take(pending, reply)

    def _take(self, pending: _Pending, reply: dict[str, Any]) -> None:
        if text := reply.get("outcome"):
            pending.end(text)
            return
        if pending.worker:
            self.restarts += 1
            log.warning("job %s went from worker %s to %s", pending.job.id, pending.worker, reply["worker"])
        else:
            log.info("job %s is with worker %s", pending.job.id, reply["worker"])
        pending.worker = reply["worker"]

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._look()
                if done := self._done:
                    self._done = []
                    await self._broker.forget(done)
                if self._pending:
                    await self._offer(list(self._pending))
                for sha256 in await self._broker.files.asked_for():
                    await self._bring(sha256)
            except BrokerUnavailable as error:
                self._lost(error)
            except Exception:  # whatever it was, the next look may find it gone; jobs must not wait for ever
                log.exception("looking after the workers failed")

    async def _look(self) -> None:
        await self._broker.announce()
        self._workers = await self._broker.workers()
        for name, health in self._workers.items():
            if health.protocol != self._broker.protocol and name not in self._complained:
                self._complained.add(name)
                log.error("worker %s is of another release: it gets no jobs until it has this one's", health.name)

    def _is_usable(self, health: Health) -> bool:
        return health.seen < self.lease and health.protocol == self._broker.protocol

    async def _bring(self, sha256: str) -> None:
        path = self._paths.get(sha256)
        data = await asyncio.to_thread(read_whole, path, sha256) if path else None
        data = data or await self.provide(sha256)
        if data:
            await self._broker.files.bring(sha256, data)

    def _lost(self, error: BrokerUnavailable) -> None:
        if not self._away:
            log.error("Redis at %s is away (%s): jobs wait until it is back", self._broker.address, error)
        self._away = True

    def _found(self) -> None:
        if self._away:
            log.warning("Redis at %s is back", self._broker.address)
        self._away = False

    def _help(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)
