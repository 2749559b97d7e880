"""A worker as a child process of the bot: JSON lines over pipes (`model/worker.py` is the other end)."""

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import WorkerError
from model.jobs import Event, Job

ATTEMPTS = 3  # workers that may die of one job before it is given up
GRACE = 5.0  # seconds for the process to leave once its input is closed
STARTED_WELL = 30.0  # a worker that lived so many seconds does not make the next start wait
LONGEST_LINE = 1_000_000  # bytes; a tune has a few thousand
_ROOT = Path(__file__).parents[2]

log = logging.getLogger(__name__)


@dataclass
class _Pending:
    job: Job
    on_event: Callable[[Event], None]
    outcome: asyncio.Future[Event]
    attempts: int = 0


@dataclass
class LocalWorker:
    """Keeps one worker process alive and gives it jobs; `async with` starts and closes it.

    A worker that dies is started again and its jobs are given to the new one. A job past its deadline means that the
    worker hangs: it is killed, that job fails, and the others go on in the next one.
    """

    threads: int = 1
    checkpoint: Path | None = None
    start_timeout: float = 60.0
    command: Sequence[str] = (sys.executable, "-m", "model", "worker")
    restarts: int = 0
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None
    _keeper: asyncio.Task[None] | None = None
    _complaints: deque[str] = field(default_factory=lambda: deque(maxlen=20))
    _closing: bool = False

    async def __aenter__(self) -> Self:
        """Raises WorkerError, with the worker's own last line, if it cannot start."""
        try:
            reader = await self._start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self._keeper = asyncio.create_task(self._keep(reader), name="worker keeper")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        await self._stop()
        self._fail_all("the bot is stopping")

    async def compose(self, job: Job, on_event: Callable[[Event], None] = lambda _: None) -> Event:
        """The outcome of `job`, `done` or `failed`. WorkerError when no worker could give one in time."""
        if self._closing:
            raise WorkerError("the bot is stopping")
        pending = _Pending(job, on_event, asyncio.get_running_loop().create_future())
        self._pending[job.id] = pending
        try:
            await self._send(pending)
            async with asyncio.timeout(job.deadline):
                return await pending.outcome
        except TimeoutError as error:
            log.error("job %s passed its deadline of %.0f s; the worker is replaced", job.id, job.deadline)
            self._kill()
            raise WorkerError("composing took too long: please try again") from error
        except asyncio.CancelledError:
            await self._write(json.dumps({"cancel": job.id}) + "\n")
            raise
        finally:
            self._pending.pop(job.id, None)

    async def _start(self) -> asyncio.StreamReader:
        command = [*self.command, "--threads", str(self.threads)]
        if self.checkpoint:
            command += ["--checkpoint", str(self.checkpoint)]
        threads = {name: str(self.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            *command, cwd=_ROOT, env={**os.environ, **threads}, stdin=pipe, stdout=pipe, stderr=pipe, limit=LONGEST_LINE
        )
        assert process.stdout is not None
        assert process.stderr is not None
        complaints = asyncio.create_task(self._listen(process.stderr), name="worker stderr")
        try:
            async with asyncio.timeout(self.start_timeout):
                line = await process.stdout.readline()
                if not line:
                    await complaints
        except TimeoutError as error:
            raise WorkerError(f"the worker was not ready within {self.start_timeout:.0f} s") from error
        if not line or Event.from_line(line).state != "ready":
            said = self._complaints[-1].removeprefix("error: ") if self._complaints else "it said nothing"
            raise WorkerError(f"the worker cannot start: {said}")
        log.info("worker %d is ready", process.pid)
        return process.stdout

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while line := await stderr.readline():
            text = line.decode(errors="replace").rstrip()
            self._complaints.append(text)
            log.warning("worker: %s", text)

    async def _keep(self, reader: asyncio.StreamReader) -> None:
        """Hand out events; when the worker is gone, start another and give it the open jobs."""
        delay = 0.1
        while True:
            began = time.monotonic()
            await self._hand_out(reader)
            await self._stop()
            log.warning("the worker ended with %d jobs open; starting another", len(self._pending))
            delay = 0.1 if time.monotonic() - began > STARTED_WELL else min(delay * 2, 30.0)
            while True:
                await asyncio.sleep(delay)
                try:
                    reader = await self._start()
                    break
                except (WorkerError, OSError) as error:
                    delay = min(delay * 2, 30.0)
                    log.error("%s; next try in %.1f s", error, delay)
                    await self._stop()
            self.restarts += 1
            for pending in list(self._pending.values()):
                await self._send(pending)

    async def _hand_out(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._take(Event.from_line(line))
        except (ValueError, TypeError):
            log.exception("the worker wrote a line that is no event")

    def _take(self, event: Event) -> None:
        pending = self._pending.get(event.id)
        if pending is None or pending.outcome.done():
            return  # cancelled meanwhile, or answered by the worker before this one
        pending.on_event(event)
        if event.state in ("done", "failed"):
            pending.outcome.set_result(event)

    async def _send(self, pending: _Pending) -> None:
        pending.attempts += 1
        if pending.attempts > ATTEMPTS:
            if not pending.outcome.done():
                pending.outcome.set_exception(WorkerError("the composer broke down on this prompt: try another seed"))
            return
        await self._write(json.dumps(pending.job.to_json()) + "\n")

    async def _write(self, line: str) -> None:
        """Write to the worker; if it is gone, `_keep` notices and sends again."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        with contextlib.suppress(ConnectionError):
            process.stdin.write(line.encode())
            await process.stdin.drain()

    def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _stop(self) -> None:
        """Close the worker's input, and kill it if it does not leave."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            async with asyncio.timeout(GRACE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def _fail_all(self, reason: str) -> None:
        for pending in self._pending.values():
            if not pending.outcome.done():
                pending.outcome.set_exception(WorkerError(reason))
