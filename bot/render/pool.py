"""The render processes from the bot's side: started warm, given one tune at a time, replaced when they die or hang.

They are plain child processes that read and write lines of JSON. `multiprocessing` would import the bot's own
`__main__` into each, which costs it a second and the memory of Discord and the database.
"""

import asyncio
import base64
import json
import logging
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt

from bot.core import subprocesses
from bot.core.errors import RenderError
from bot.core.rendering import Playing, Sheet

KINDS = ("png", "mid", "mp3", "abc")
START_TIMEOUT = 60.0  # seconds; ten with a cold disk on a busy machine
_CLOSE_TIMEOUT = 2.0  # seconds for a process to exit once its input is closed
_LONGEST_REPLY = 64 * 2**20  # bytes; a tune with picture and sound takes about one million
_AS_USUAL, _PLAIN = Playing(), Sheet()
# glibc gives arrays of megabytes back to the system and asks for them again, which takes half of an MP3's time
_KEEPING_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**27), "MALLOC_TRIM_THRESHOLD_": str(2**27)}
_ROOT = Path(__file__).resolve().parents[2]
_log = logging.getLogger(__name__)


class Renderer:
    """Turns ABC text into pictures and sound in `processes` processes; at most so many tunes at a time.

    `timeout` is how long, in seconds, one tune may take in its process; `soundfont` a file that tunes are played with,
    the built-in one where it is None. Use as `async with Renderer() as renderer`, which raises RenderError where the
    soundfont cannot be used.
    """

    def __init__(self, processes: int = 1, timeout: float = 30.0, soundfont: Path | None = None) -> None:
        self._workers = [_Worker(timeout, str(soundfont or "")) for _ in range(processes)]
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._busy: set[asyncio.Task[dict[str, bytes]]] = set()

    @property
    def restarts(self) -> int:
        """Processes that were started in place of one that died or hung."""
        return sum(worker.restarts for worker in self._workers)

    @property
    def living(self) -> int:
        """Processes that run; one that died is started again by the next tune."""
        return sum(worker.lives for worker in self._workers)

    async def __aenter__(self) -> Self:
        try:
            await asyncio.gather(*(worker.start() for worker in self._workers))
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        for worker in self._workers:
            self._idle.put_nowait(worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*(worker.close() for worker in self._workers))
        await asyncio.gather(*self._busy, return_exceptions=True)

    async def render(
        self, abc: str, kinds: Iterable[str] = KINDS, playing: Playing = _AS_USUAL, sheet: Sheet = _PLAIN
    ) -> dict[str, bytes]:
        """The files of the tune in `abc`, by their endings. Raises RenderError, one line, for text that is no tune."""
        wanted = list(kinds)
        if unknown := set(wanted) - set(KINDS):
            raise RenderError(f"cannot render {', '.join(sorted(unknown))}: there are {', '.join(KINDS)}")
        request = {"abc": abc, "kinds": wanted, "playing": asdict(playing), "sheet": asdict(sheet)}
        return await self._make(request, wanted)

    async def score(self, abc: str, narrow: bool = False, playing: Playing = _AS_USUAL) -> dict[str, bytes]:
        """`svg` and `times` of the tune in `abc`, as bot.render.score has them. Raises RenderError, as `render`."""
        return await self._make({"score": abc, "narrow": narrow, "playing": asdict(playing)}, ["svg", "times"])

    async def book(self, book: dict[str, Any]) -> bytes:
        """One PDF of many tunes, as bot.render.book wants them. Raises RenderError, one line, if one is no tune."""
        return (await self._make({"book": book}, ["pdf"]))["pdf"]

    async def chart(self, losses: list[tuple[float, float]]) -> bytes:
        """A curve of losses over steps as PNG. Raises RenderError where there are fewer than two."""
        return (await self._make({"chart": losses}, ["png"]))["png"]

    async def _make(self, request: dict[str, Any], wanted: list[str]) -> dict[str, bytes]:
        worker = await self._idle.get()
        task = asyncio.create_task(worker.render(request, wanted))
        self._busy.add(task)
        task.add_done_callback(lambda _: self._ended(task, worker))
        # a caller that is cancelled leaves the process to finish its tune: another takes seconds to be warm
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[dict[str, bytes]], worker: "_Worker") -> None:
        self._busy.discard(task)
        self._idle.put_nowait(worker)
        if not task.cancelled():
            task.exception()  # perhaps the caller was cancelled


class _Died(Exception):
    """The process exited before it replied."""


class _Worker:
    """One process, restarted when it fails. Only one caller uses it at a time."""

    def __init__(self, timeout: float, soundfont: str) -> None:
        self._timeout = timeout
        self._soundfont = soundfont
        self._process: asyncio.subprocess.Process | None = None
        self._closed = False
        self.restarts = -1  # the first start is no restart

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> asyncio.subprocess.Process:
        """Start the process and wait until it is warm."""
        environment = subprocesses.environment(1) | _KEEPING_MEMORY
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        self._process = await subprocesses.start(
            *(sys.executable, "-m", "bot.render.process", str(self._timeout), self._soundfont),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_REPLY,
            env=environment,
        )
        self.restarts += 1
        if self._closed:  # while it was being started
            await self._kill()
            raise RenderError("the bot is stopping")
        try:
            async with asyncio.timeout(START_TIMEOUT):
                ready = await _read(self._process)
        except (_Died, TimeoutError) as error:
            await self._kill()
            raise RenderError("the render process did not start; the log says why") from error
        if "error" in ready:
            await self._kill()
            raise RenderError(ready["error"])
        return self._process

    async def render(self, request: dict[str, Any], kinds: list[str]) -> dict[str, bytes]:
        """As Renderer.render. The tune has a second try: a process may have died for another reason."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_Died),
            stop=stop_after_attempt(2),
            before_sleep=lambda _: _log.warning("the render process died; another is started"),
            reraise=True,
        )
        try:
            return await retrying(self._attempt, request, kinds)
        except _Died as error:
            raise RenderError("the render process died twice of this tune") from error

    async def _attempt(self, request: dict[str, Any], kinds: list[str]) -> dict[str, bytes]:
        if self._closed:
            raise RenderError("the bot is stopping")
        process = self._process or await self.start()
        try:
            async with asyncio.timeout(self._timeout):
                reply = await _ask(process, request)
        except TimeoutError as error:
            _log.error("a render process was busy with one tune for %g s; it is replaced", self._timeout)
            await self._kill()
            raise RenderError(f"rendering took longer than {self._timeout:g} s") from error
        except BaseException:  # an answer that is left behind must not become the next tune's
            await self._kill()
            raise
        if "traceback" in reply:
            _log.error("a tune could not be rendered\n%s", reply["traceback"].rstrip())
        if "error" in reply:
            raise RenderError(reply["error"])
        return {kind: base64.b64decode(reply[kind]) for kind in kinds}

    async def close(self) -> None:
        """End the process, by force if it is busy."""
        self._closed = True
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_TIMEOUT):
                    await process.wait()
        await self._kill()

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _ask(process: asyncio.subprocess.Process, request: dict[str, Any]) -> dict[str, str]:
    assert process.stdin is not None
    with suppress(ConnectionError):  # it died, as the reader will find
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
    return await _read(process)


async def _read(process: asyncio.subprocess.Process) -> dict[str, str]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise _Died
    reply: dict[str, str] = json.loads(line)
    return reply
