"""A worker as a child process of the bot, restarted when it dies (`model/worker/worker.py` is the process)."""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.errors import WorkerError
from bot.workers.health import Health
from bot.workers.local.process import WorkerProcess
from model.worker.protocol import Event, Job

COMMAND = (sys.executable, "-m", "model", "worker")
ATTEMPTS = 3  # workers that may die of one job before it is given up

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestartTimings:
    """Seconds. The wait before another worker is started doubles, until one has lived for `stable_after`."""

    shortest_wait: float = 0.1
    longest_wait: float = 30.0
    stable_after: float = 30.0
    grace: float = 2.0  # for the process to exit once its input is closed


@dataclass
class _Pending:
    job: Job
    outcome: asyncio.Future[Event]
    attempts: int = 0  # workers that were given it
    process: WorkerProcess | None = None  # the one that has it now
    timer: asyncio.TimerHandle | None = None

    def start_timer(self, on_deadline: "Callable[[_Pending], None]") -> None:
        """Call `on_deadline` when the job's deadline, counted from now, has passed."""
        self.stop_timer()
        self.timer = asyncio.get_running_loop().call_later(self.job.deadline, on_deadline, self)

    def stop_timer(self) -> None:
        if self.timer:
            self.timer.cancel()

    def fail(self, reason: str) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(WorkerError(reason))


@dataclass
class LocalWorker:
    """Keeps one worker process running and gives it jobs; `async with` starts and closes it.

    A worker that dies is restarted and its jobs are given to the new one. A job past its deadline, which counts from
    when a worker is given it, means that the worker hangs: it is killed, that job fails, and the others go on in the
    next one. Jobs that two workers died with are tried again one at a time, so that the job at fault fails alone.

    A worker that is silent for `silence` seconds is killed too, and one that takes up more than `memory` MiB is
    replaced between two batches. `on_event` is called with its events that are of no job: `alive` and `batch`.
    """

    threads: int = 1
    checkpoint: Path | None = None
    start_timeout: float = 180.0  # seconds; the first start on a slow machine compiles for a minute
    command: Sequence[str] = COMMAND
    keep: int = 3  # versions in its memory
    silence: float = 30.0
    memory: int | None = None
    slots: int = 1  # jobs that it is given at once, as its health says
    on_event: Callable[[Event], None] = lambda _: None
    timings: RestartTimings = field(default_factory=RestartTimings)
    restarts: int = 0
    rejected: int = 0  # messages that could not be read, as `Cluster` counts them
    outage: str = ""  # a restart takes a moment, for which nobody is notified
    _heartbeat: Event = field(default_factory=lambda: Event("", "alive"))  # the last
    _heartbeat_at: float = field(default_factory=time.monotonic)
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _child: WorkerProcess | None = None  # perhaps not ready yet
    _process: WorkerProcess | None = None  # the child, while it takes jobs
    _retiring: WorkerProcess | None = None  # the process, once it is to get no more jobs
    _shipped: bool = False  # the process was started with the shipped checkpoint in place of ours
    _first_memory: int = 0  # at its first heartbeat, MiB
    _supervisor: asyncio.Task[None] | None = None
    _closing: bool = False

    async def __aenter__(self) -> Self:
        """Raises WorkerError, with the worker's own last line, if it cannot start."""
        try:
            process = await self._start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self._supervisor = asyncio.create_task(self._supervise(process), name="worker supervisor")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing, self._process = True, None
        if self._supervisor:
            self._supervisor.cancel()
            await asyncio.gather(self._supervisor, return_exceptions=True)
        if self._child:
            await self._child.end(self.timings.grace)
        for pending in self._pending.values():
            pending.fail("the bot is stopping")

    def workers(self) -> list[Health]:
        """The one beside the bot, as its last heartbeat had it; none while it is being started."""
        if not self._process:
            return []
        free = max(0, self.slots - len(self._pending))
        device, memory = self._heartbeat.device, self._heartbeat.memory
        seen = time.monotonic() - self._heartbeat_at
        health = Health("beside the bot", device=device, slots=self.slots, free=free, memory=memory)
        return [replace(health, trains=True, seen=seen)]  # the trainer is beside it

    async def compose(self, job: Job) -> Event:
        """The outcome of `job`, `done` or `failed`. WorkerError when no worker could give one in time."""
        if self._closing:
            raise WorkerError("the bot is stopping")
        pending = self._pending[job.id] = _Pending(job, asyncio.get_running_loop().create_future())
        pending.start_timer(self._on_deadline)
        self._assign()
        try:
            return await pending.outcome
        finally:
            if pending.outcome.cancelled() and self._process and pending.process is self._process:
                self._process.write({"cancel": job.id})
            pending.stop_timer()
            del self._pending[job.id]
            self._assign()

    def _assign(self) -> None:
        """Give the worker the jobs it has not; of those that two workers died with, one at a time."""
        process = self._process
        if process is None:
            return
        waiting = [pending for pending in self._pending.values() if not pending.outcome.done()]
        if process is self._retiring:
            if not any(pending.process is process for pending in waiting):
                self._process = None
                process.close()
            return
        retrying = any(pending.attempts >= ATTEMPTS and pending.process is process for pending in waiting)
        for pending in waiting:
            if pending.process is process:
                continue
            suspected = pending.attempts >= ATTEMPTS - 1
            if suspected and retrying:
                pending.stop_timer()  # its deadline counts from its turn
                continue
            retrying = retrying or suspected
            pending.attempts += 1
            pending.process = process
            pending.start_timer(self._on_deadline)
            process.write(pending.job.to_json())

    def _on_deadline(self, pending: _Pending) -> None:
        if pending.outcome.done():
            return
        process = pending.process
        if process is None:  # a worker that is only just starting is not to blame
            pending.fail("the composer is being started again: please try in a minute")
            return
        job = pending.job
        number = job.id.split(".")[0]  # a timer has no task of its own that would know it
        prompt = {"prompt": number} if number.isdigit() else {}  # the jobs of other machines' bots begin with the bot
        log.error("job %s passed its deadline of %g s; the worker is replaced", job.id, job.deadline, extra=prompt)
        pending.fail("composing took too long: please try again")
        process.kill()
        self._reclaim(
            process
        )  # at once: jobs beside it pass their deadlines in the same moment, without being at fault

    def _reclaim(self, process: WorkerProcess) -> None:
        """Take back the jobs of a worker that is gone for the next one; those with too many attempts fail."""
        if self._process is process:
            self._process = None
        for pending in self._pending.values():
            if pending.process not in (process, None):
                continue
            pending.process = None
            pending.start_timer(self._on_deadline)
            if pending.attempts >= ATTEMPTS:
                pending.fail("the composer broke down on this prompt: try another seed")

    async def _supervise(self, process: WorkerProcess) -> None:
        """Dispatch events; when the worker is gone, start another and give it the open jobs.

        The wait is counted by hand: a worker that dies young prolongs it as a failed start does, which is no exception
        for tenacity to count.
        """
        wait = self.timings.shortest_wait
        while True:
            began = time.monotonic()
            async for event in process.events(self.silence):
                self._on_event(event, process)
            self._reclaim(process)
            await process.end()
            log.warning("the worker ended with %d jobs open; starting another", len(self._pending))
            if time.monotonic() - began > self.timings.stable_after:
                wait = self.timings.shortest_wait
            started, shipped = None, False
            while not started:
                await asyncio.sleep(wait)
                wait = min(wait * 2, self.timings.longest_wait)
                try:
                    started = await self._start(shipped)
                except WorkerError as error:
                    log.error("%s; next try in %.1f s", error, wait)
                    shipped = not shipped  # its checkpoint may have been damaged since the bot was started
            process = started
            self.restarts += 1

    def _on_event(self, event: Event, process: WorkerProcess) -> None:
        if not event.id:
            self.on_event(event)
            if event.state == "alive":
                self._heartbeat, self._heartbeat_at = event, time.monotonic()
                self._limit_memory(event.memory, process)
            return
        pending = self._pending.get(event.id)
        if pending is None or pending.outcome.done():
            return  # cancelled meanwhile, or answered already
        if event.state in ("done", "failed"):
            by_shipped = self._shipped and bool(event.note) and not event.version
            pending.outcome.set_result(replace(event, version=1) if by_shipped else event)

    def _limit_memory(self, memory: int, process: WorkerProcess) -> None:
        """Replace a worker that has grown too large, but not one that was as large from the beginning."""
        self._first_memory = self._first_memory or memory
        if self.memory is None or memory <= max(self.memory, 1.5 * self._first_memory) or process is self._retiring:
            return
        log.warning(
            "the worker takes up %d MiB, over the limit of %d: it is replaced after this batch", memory, self.memory
        )
        self._retiring = process
        self._assign()

    async def _start(self, shipped: bool = False) -> WorkerProcess:
        """A process that is ready for jobs, and has those that wait. Raises WorkerError."""
        if self._child:
            await self._child.end()
        self._shipped = shipped  # which is version 1
        # absolute, since the process has another working directory
        choice = ("--checkpoint", str(self.checkpoint.absolute())) if self.checkpoint and not shipped else ()
        command = [*self.command, *choice, "--keep", str(self.keep)]
        self._child = process = WorkerProcess(command, self.threads)
        await process.start(self.start_timeout)
        self._process, self._retiring, self._first_memory = process, None, 0
        self._heartbeat_at = time.monotonic()  # it has just said that it is ready
        self._assign()
        return process
