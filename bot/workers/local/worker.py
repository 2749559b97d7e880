"""A worker as a child process of the bot: it is kept alive and given jobs (`model/worker/worker.py` is the other end)."""

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
GRACE = 2.0  # seconds for the process to leave once its input is closed
STARTED_WELL = 30.0  # a worker that lived so many seconds does not make the next start wait
SHORTEST_WAIT, LONGEST_WAIT = 0.1, 30.0  # seconds before another worker is started

log = logging.getLogger(__name__)


@dataclass
class _Pending:
    job: Job
    outcome: asyncio.Future[Event]
    attempts: int = 0  # workers that were given it
    process: WorkerProcess | None = None  # the one that has it now
    timer: asyncio.TimerHandle | None = None

    def watch(self, late: "Callable[[_Pending], None]") -> None:
        """Call `late` when the job's deadline, counted from now, has passed."""
        self.ignore()
        self.timer = asyncio.get_running_loop().call_later(self.job.deadline, late, self)

    def ignore(self) -> None:
        if self.timer:
            self.timer.cancel()

    def fail(self, reason: str) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(WorkerError(reason))


@dataclass
class LocalWorker:
    """Keeps one worker process alive and gives it jobs; `async with` starts and closes it.

    A worker that dies is started again and its jobs are given to the new one. A job past its deadline, which counts
    from when a worker is given it, means that the worker hangs: it is killed, that job fails, and the others go on in
    the next one. Jobs that two workers died with are tried again one at a time: the one at fault takes no other along.

    A worker that says nothing for `silence` seconds is killed too, and one that takes up more than `memory` MiB is
    replaced between two batches. `on_event` is called with what a worker says of itself: `alive` and `batch`.
    """

    threads: int = 1
    checkpoint: Path | None = None
    start_timeout: float = 180.0  # seconds; the first start on a slow machine compiles for a minute
    command: Sequence[str] = COMMAND
    keep: int = 3  # versions in its memory
    silence: float = 30.0
    memory: int | None = None
    slots: int = 1  # jobs that it is given at once, as far as it is told
    on_event: Callable[[Event], None] = lambda _: None
    restarts: int = 0
    outage: str = ""  # its prompts wait the moment that a restart takes
    _vitals: Event = field(default_factory=lambda: Event("", "alive"))
    _heard_at: float = field(default_factory=time.monotonic)
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _child: WorkerProcess | None = None  # perhaps not ready yet
    _process: WorkerProcess | None = None  # the child, while it takes jobs
    _retiring: WorkerProcess | None = None  # the process, once it is to get no more jobs
    _shipped: bool = False  # the process was started with the shipped checkpoint in place of ours
    _weight: int = 0  # its memory at its first heartbeat, MiB
    _keeper: asyncio.Task[None] | None = None
    _closing: bool = False

    async def __aenter__(self) -> Self:
        """Raises WorkerError, with the worker's own last line, if it cannot start."""
        try:
            process = await self._start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self._keeper = asyncio.create_task(self._keep(process), name="worker keeper")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing, self._process = True, None
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._child:
            await self._child.end(GRACE)
        for pending in self._pending.values():
            pending.fail("the bot is stopping")

    def workers(self) -> list[Health]:
        """The one beside the bot, as it was when it last said that it lives; none while it is being started."""
        if not self._process:
            return []
        said, free = self._vitals, max(0, self.slots - len(self._pending))
        seen = time.monotonic() - self._heard_at
        health = Health("beside the bot", device=said.device, slots=self.slots, free=free, memory=said.memory)
        return [replace(health, trains=True, seen=seen)]  # the trainer is beside it

    async def compose(self, job: Job) -> Event:
        """The outcome of `job`, `done` or `failed`. WorkerError when no worker could give one in time."""
        if self._closing:
            raise WorkerError("the bot is stopping")
        pending = self._pending[job.id] = _Pending(job, asyncio.get_running_loop().create_future())
        pending.watch(self._late)
        self._feed()
        try:
            return await pending.outcome
        finally:
            if pending.outcome.cancelled() and self._process and pending.process is self._process:
                self._process.write({"cancel": job.id})
            pending.ignore()
            del self._pending[job.id]
            self._feed()

    def _feed(self) -> None:
        """Give the worker the jobs it has not, of those that two workers died with one at a time."""
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
                pending.ignore()  # its time begins with its turn
                continue
            retrying = retrying or suspected
            pending.attempts += 1
            pending.process = process
            pending.watch(self._late)
            process.write(pending.job.to_json())

    def _late(self, pending: _Pending) -> None:
        if pending.outcome.done():
            return
        process = pending.process
        if process is None:  # a worker that is only just starting is not to blame
            pending.fail("the composer is being started again: please try in a minute")
            return
        job = pending.job
        number = job.id.split(".")[0]  # a timer has no task of its own that would know it
        prompt = {"prompt": number} if number.isdigit() else {}  # the jobs of other machines' bots say which bot
        log.error("job %s passed its deadline of %g s; the worker is replaced", job.id, job.deadline, extra=prompt)
        pending.fail("composing took too long: please try again")
        process.kill()
        self._lose(process)  # at once: the jobs beside it are late in the same moment, and are not to blame

    def _lose(self, process: WorkerProcess) -> None:
        """A worker is gone: its jobs wait for the next one, but for those that outlived too many."""
        if self._process is process:
            self._process = None
        for pending in self._pending.values():
            if pending.process not in (process, None):
                continue
            pending.process = None
            pending.watch(self._late)
            if pending.attempts >= ATTEMPTS:
                pending.fail("the composer broke down on this prompt: try another seed")

    async def _keep(self, process: WorkerProcess) -> None:
        """Hand out events; when the worker is gone, start another and give it the open jobs."""
        wait = SHORTEST_WAIT
        while True:
            began = time.monotonic()
            async for event in process.events(self.silence):
                self._take(event, process)
            self._lose(process)
            await process.end()
            log.warning("the worker ended with %d jobs open; starting another", len(self._pending))
            if time.monotonic() - began > STARTED_WELL:
                wait = SHORTEST_WAIT
            started, shipped = None, False
            while not started:
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                try:
                    started = await self._start(shipped)
                except WorkerError as error:
                    log.error("%s; next try in %.1f s", error, wait)
                    shipped = not shipped  # its checkpoint may have been damaged since the bot was started
            process = started
            self.restarts += 1

    def _take(self, event: Event, process: WorkerProcess) -> None:
        if not event.id:
            self.on_event(event)
            if event.state == "alive":
                self._vitals, self._heard_at = event, time.monotonic()
                self._weigh(event.memory, process)
            return
        pending = self._pending.get(event.id)
        if pending is None or pending.outcome.done():
            return  # cancelled meanwhile, or answered already
        if event.state in ("done", "failed"):
            by_shipped = self._shipped and bool(event.note) and not event.version
            pending.outcome.set_result(replace(event, version=1) if by_shipped else event)

    def _weigh(self, memory: int, process: WorkerProcess) -> None:
        """Replace a worker that has grown too large, but not one that was as large from the beginning."""
        self._weight = self._weight or memory
        if self.memory is None or memory <= max(self.memory, 1.5 * self._weight) or process is self._retiring:
            return
        log.warning(
            "the worker takes up %d MiB, over the limit of %d: it is replaced after this batch", memory, self.memory
        )
        self._retiring = process
        self._feed()

    async def _start(self, shipped: bool = False) -> WorkerProcess:
        """A process that is ready for jobs, and has those that wait. Raises WorkerError."""
        if self._child:
            await self._child.end()
        # its working directory is not ours
        self._shipped = shipped  # which is version 1
        choice = ("--checkpoint", str(self.checkpoint.absolute())) if self.checkpoint and not shipped else ()
        command = [*self.command, *choice, "--keep", str(self.keep)]
        self._child = process = WorkerProcess(command, self.threads)
        await process.start(self.start_timeout)
        self._process, self._retiring, self._weight = process, None, 0
        self._feed()
        return process
