"""One worker process: start it, write lines to it, read its events, end it."""

import asyncio
import contextlib
import json
import logging
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from bot.core import subprocesses
from bot.core.errors import WorkerError
from model.worker.protocol import Event

LONGEST_LINE = 1_000_000  # bytes; a tune has a few thousand
_CLOSE_TIMEOUT = 60.0  # seconds
_ROOT = Path(__file__).parents[3]

log = logging.getLogger(__name__)


class WorkerProcess:
    """A child process that speaks the worker's protocol. Whoever starts one has to `end` it."""

    def __init__(self, command: Sequence[str], threads: int) -> None:
        self._command, self._threads = command, threads
        self._process: Process | None = None
        self._ready = False
        self._errors: deque[str] = deque(maxlen=20)
        self._stderr: asyncio.Task[None] | None = None

    async def start(self, within: float) -> None:
        """Returns when it takes jobs. WorkerError, with its own last line, if it does not `within` so many seconds."""
        try:
            self._process = process = await self._spawn()
        except OSError as error:
            raise WorkerError(f"the worker cannot start: {error.strerror or error}") from error
        assert process.stdout
        assert process.stderr
        self._stderr = asyncio.create_task(
            subprocesses.read_lines(process.stderr, self._on_error), name="worker stderr"
        )
        try:
            async with asyncio.timeout(within):
                line = await process.stdout.readline()
                if not line:
                    await self._stderr
        except TimeoutError as error:
            raise WorkerError(f"the worker was not ready within {within:g} s") from error
        except ValueError:  # longer than the limit
            line = b""
        if not _is_ready(line):
            last = self._errors[-1].removeprefix("error: ") if self._errors else "it said nothing"
            raise WorkerError(f"the worker cannot start: {last}")
        self._ready = True
        log.info("worker %d is ready", process.pid)

    async def events(self, silence: float) -> AsyncIterator[Event]:
        """Its events, until it ends, writes what is no event, or nothing at all for `silence` seconds."""
        assert self._process
        assert self._process.stdout
        try:
            while line := await self._line(self._process.stdout, silence):
                yield Event.from_line(line)
        except TimeoutError:
            log.error("worker %d gave no sign of life for %g s", self._process.pid, silence)
        except (ValueError, TypeError):
            log.exception("the worker wrote a line that is no event")

    async def _line(self, stdout: asyncio.StreamReader, silence: float) -> bytes:
        async with asyncio.timeout(silence):  # wait_for would now and then swallow a cancellation
            return await stdout.readline()

    def write(self, message: dict[str, Any]) -> None:
        """Send one line, to a process that runs. Never waits: a worker that hangs must not stop the bot."""
        stdin = self._process.stdin if self._process else None
        if stdin and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        """Let it exit when its jobs are done; it is killed if it has not after a while."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            asyncio.get_running_loop().call_later(_CLOSE_TIMEOUT, self.kill)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._process:
                self._process.kill()

    async def end(self, grace: float = 0) -> None:
        """Close its input, and kill it if it does not exit within `grace` seconds."""
        if self._process:
            if self._process.stdin:
                self._process.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._process.wait()
            self.kill()
            await self._process.wait()
        if self._stderr:
            self._stderr.cancel()

    async def _spawn(self) -> Process:
        command = [*self._command, "--threads", str(self._threads)]
        environment = subprocesses.environment(self._threads)
        return await subprocesses.start(
            *command, cwd=_ROOT, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=LONGEST_LINE
        )

    def _on_error(self, line: str) -> None:
        self._errors.append(line)
        # what it writes before it is ready is in the error, should it not start
        log.log(logging.WARNING if self._ready else logging.INFO, "worker: %s", line)


def _is_ready(line: bytes) -> bool:
    try:
        return Event.from_line(line).state == "ready"
    except (ValueError, TypeError):
        return False
