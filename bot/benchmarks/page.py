"""What a member on the chat page waits for, and what the bot takes, in a bot of its own."""

import json
import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

from bot.benchmarks.measurement import Measurement, at_most
from bot.benchmarks.memory import children, resident
from bot.benchmarks.processes import run_program
from bot.benchmarks.prompts import options_of
from bot.benchmarks.servers import free_port
from bot.core.errors import WorkerError

PATIENCE = 120.0  # seconds without news after which the bench gives up


@dataclass(frozen=True)
class PageSize:
    """Prompts that are timed one by one, after one that is not, and prompts that are queued at once."""

    one_by_one: int = 12
    at_once: int = 40


SIZE = PageSize()


def measure(config: Path | None, size: PageSize = SIZE) -> Iterator[Measurement]:
    """Start a bot and time it. WorkerError where it does not start or a tune fails."""
    port = free_port()
    settings = {"WEB__ENABLED": "true", "WEB__HOST": "127.0.0.1", "WEB__PORT": str(port)}
    settings |= {f"QUEUE__{name}": str(size.at_once) for name in ("PER_MEMBER", "PER_SERVER", "LIMIT")}
    words = ("bot", *(("--config", str(config)) if config else ()))
    address = f"http://127.0.0.1:{port}"
    began = time.monotonic()
    with run_program(*words, settings=settings, inherit=True) as program:
        program.wait_until(lambda: _answers(f"{address}/health"), PATIENCE)
        yield at_most("from start to /health answering", time.monotonic() - began, 10, "s")
        page = _Page(address)
        page.compose(0)
        seconds = [page.compose(number) for number in range(1, size.one_by_one + 1)]
        yield at_most("/compose to picture and sound, median", statistics.median(seconds), 2, "s")
        if Path("/proc/self/maps").exists():
            yield from _memory(program.process.pid)
        speed = size.at_once / page.compose_all(size.at_once)
        yield Measurement(f"finished tunes, {size.at_once} prompts queued at once", speed, "tunes/s")


def _memory(pid: int) -> Iterator[Measurement]:
    worker = next(child for child in children(pid) if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes())
    torch = "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    yield at_most("memory of the bot process", resident(pid), 250, "MB")
    yield at_most("torch in the bot process", int(torch), 0, "libraries")
    yield at_most("memory of the worker", resident(worker), 700, "MB")


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


class _Page:
    """A member's page: posts commands, follows the events, fetches files."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._get("/")
        self._events = self._opener.open(f"{address}/events", timeout=PATIENCE)

    def compose(self, number: int) -> float:
        """Seconds from the command until picture and sound are here."""
        began = time.monotonic()
        self._fetch(self._finished({self._submit(number)}))
        return time.monotonic() - began

    def compose_all(self, count: int) -> float:
        """Seconds until the last of `count` prompts, submitted at once, is finished."""
        began = time.monotonic()
        self._finished({self._submit(number) for number in range(count)})
        return time.monotonic() - began

    def _submit(self, number: int) -> int:
        options = " ".join(f"{name}:{value}" for name, value in options_of(number).items())
        text = json.dumps({"text": f"/compose {options}"})
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._address}/messages", text.encode(), headers)
        with self._opener.open(request, timeout=PATIENCE) as response:
            return int(json.load(response)["id"])

    def _finished(self, unfinished: set[int]) -> list[int]:
        """The tunes of these prompts, once all are done."""
        tunes: list[int] = []
        while unfinished:
            line = self._events.readline()
            if not line:
                raise WorkerError("the bot ended before its tunes were done")
            if not line.startswith(b'data: {"id"'):
                continue
            prompt = json.loads(line.removeprefix(b"data: "))
            if prompt["final"] and prompt["id"] in unfinished:
                if prompt["error"]:
                    raise WorkerError(f"a tune failed: {prompt['error']}")
                unfinished.discard(prompt["id"])
                tunes += [tune["id"] for tune in prompt["tunes"]]
        return tunes

    def _fetch(self, tunes: list[int]) -> None:
        for tune in tunes:
            for kind in ("png", "mp3"):
                self._get(f"/tunes/{tune}.{kind}")

    def _get(self, path: str) -> None:
        with self._opener.open(self._address + path, timeout=PATIENCE) as response:
            response.read()
