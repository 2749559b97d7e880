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
_LEAVES_WITHIN = 60.0  # seconds
_ROOT = Path(__file__).parents[3]

log = logging.getLogger(__name__)


class WorkerProcess:
    """A child process that speaks the worker's protocol. Whoever makes one has to `end` it."""

    def __init__(self, command: Sequence[str], threads: int) -> None:
        self._command, self._threads = command, threads
        self._process: Process | None = None
        self._ready = False
        self._complaints: deque[str] = deque(maxlen=20)
        self._listener: asyncio.Task[None] | None = None

    async def start(self, patience: float) -> None:
        """Returns when it takes jobs. WorkerError, with its own last line, if it does not within `patience` seconds."""
        try:
            self._process = process = await self._spawn()
        except OSError as error:
            raise WorkerError(f"the worker cannot start: {error.strerror or error}") from error
        assert process.stdout
        assert process.stderr
        self._listener = asyncio.create_task(subprocesses.lines(process.stderr, self._hear), name="worker stderr")
        try:
            async with asyncio.timeout(patience):
                line = await process.stdout.readline()
                if not line:
                    await self._listener
        except TimeoutError as error:
            raise WorkerError(f"the worker was not ready within {patience:g} s") from error
        except ValueError:  # a line without end
            line = b""
        if not _is_ready(line):
            said = self._complaints[-1].removeprefix("error: ") if self._complaints else "it said nothing"
            raise WorkerError(f"the worker cannot start: {said}")
        self._ready = True
        log.info("worker %d is ready", process.pid)

    async def events(self, silence: float) -> AsyncIterator[Event]:
        """What it says, until it ends, says what is no event, or nothing at all for `silence` seconds."""
        assert self._process
        assert self._process.stdout
        try:
            while line := await self._line(self._process.stdout, silence):
                yield Event.from_line(line)
        except TimeoutError:
            log.error("worker %d said nothing for %g s, not even that it lives", self._process.pid, silence)
        except (ValueError, TypeError):
            log.exception("the worker wrote a line that is no event")

    async def _line(self, stdout: asyncio.StreamReader, patience: float) -> bytes:
        async with asyncio.timeout(patience):  # wait_for would now and then swallow a cancellation
            return await stdout.readline()

    def write(self, message: dict[str, Any]) -> None:
        """Send one line; one that is gone is sent nothing. Never waits: a worker that hangs must not stop the bot."""
        stdin = self._process.stdin if self._process else None
        if stdin and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    def close(self) -> None:
        """Let it leave when it has done what it was given; killed if it has not within a while."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            asyncio.get_running_loop().call_later(_LEAVES_WITHIN, self.kill)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._process:
                self._process.kill()

    async def end(self, grace: float = 0) -> None:
        """Close its input, and kill it if it does not leave within `grace` seconds."""
        if self._process:
            if self._process.stdin:
                self._process.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await self._process.wait()
            self.kill()
            await self._process.wait()
        if self._listener:
            self._listener.cancel()

    async def _spawn(self) -> Process:
        command = [*self._command, "--threads", str(self._threads)]
        environment = subprocesses.environment(self._threads)
        return await subprocesses.start(
            *command, cwd=_ROOT, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=LONGEST_LINE
        )

    def _hear(self, line: str) -> None:
        self._complaints.append(line)
        log.log(logging.WARNING if self._ready else logging.INFO, "worker: %s", line)  # before, the error tells


def _is_ready(line: bytes) -> bool:
    try:
        return Event.from_line(line).state == "ready"
    except (ValueError, TypeError):
        return False
