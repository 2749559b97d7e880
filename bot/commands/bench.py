"""`bench`: what a member waits for and what the bot takes, measured on this machine in a bot of its own."""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.errors import WorkerError

ONE_BY_ONE = 12  # prompts that are timed, after one that is not
AT_ONCE = 40
PATIENCE = 120.0  # seconds without news after which the bench gives up
_KEYS, _RHYTHMS = ("Edor", "D", "Am", "G", "Bm"), ("reel", "jig", "hornpipe", "waltz", "polka", "slip jig")


@dataclass(frozen=True)
class Row:
    """One figure. `ratio` is 1 or more where the goal, the most that it may be, is met."""

    name: str
    ours: float
    unit: str
    goal: float | None = None
    baseline: float | None = None

    def to_json(self) -> dict[str, Any]:
        ratio = None
        if self.goal is not None:
            ratio = round(self.goal / self.ours, 2) if self.ours else 1.0
        return {**asdict(self), "ours": round(self.ours, 3), "ratio": ratio}


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "bench",
        help="measure start, waiting time, memory and throughput",
        description="Start a bot on a database of its own, ask it for tunes as the page does, and measure.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list of rows")
    parser.set_defaults(run=run)


def run(_config: Config, options: argparse.Namespace) -> int:
    rows = [row.to_json() for row in measure(options.config)]
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{'':<46} {'ours':>8} {'goal':>6} {'ratio':>6}  unit")
    for row in rows:
        goal, ratio = ("" if row[name] is None else f"{row[name]:g}" for name in ("goal", "ratio"))
        print(f"{row['name']:<46} {row['ours']:>8.4g} {goal:>6} {ratio:>6}  {row['unit']}")
    return 0


def measure(config: Path | None) -> Iterator[Row]:
    """Start a bot and time it. Raises WorkerError where it does not start or a tune fails."""
    began = time.monotonic()
    with _bot(config) as (process, address):
        _wait_for(process, f"{address}/health")
        yield Row("from start to /health answering", time.monotonic() - began, "s", goal=10)
        page = _Page(address)
        page.compose(0)
        seconds = [page.compose(number) for number in range(1, ONE_BY_ONE + 1)]
        yield Row("/compose to picture and sound, median", statistics.median(seconds), "s", goal=2)
        if Path("/proc/self/maps").exists():
            yield from _memory(process.pid)
        yield Row(f"finished tunes, {AT_ONCE} prompts queued at once", AT_ONCE / page.compose_all(AT_ONCE), "tunes/s")


def _memory(pid: int) -> Iterator[Row]:
    worker = next(child for child in _children(pid) if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes())
    torch = "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    yield Row("memory of the bot process", _resident(pid), "MB", goal=250)
    yield Row("torch in the bot process", int(torch), "libraries", goal=0)
    yield Row("memory of the worker", _resident(worker), "MB", goal=700)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1000


@contextmanager
def _bot(config: Path | None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A bot with a data directory of its own, on a free port; it and its folder are gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as data:
        own = {"DATA_DIR": data, "WEB__ENABLED": "true", "WEB__HOST": "127.0.0.1", "WEB__PORT": str(port)}
        own |= {"QUEUE__PER_MEMBER": str(AT_ONCE), "QUEUE__LIMIT": str(AT_ONCE)}
        environment = {**os.environ, **{f"TUNESMITH_{name}": value for name, value in own.items()}}
        environment.pop("DISCORD_TOKEN", None)
        command = [sys.executable, "-m", "bot", *(("--config", str(config)) if config else ())]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _wait_for(process: subprocess.Popen[str], url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            if process.poll() is not None:
                said = (process.communicate()[1].splitlines() or ["it said nothing"])[-1]
                raise WorkerError(f"the bot did not start: {said.removeprefix('error: ')}") from None
            time.sleep(0.02)
    raise WorkerError(f"the bot did not start within {PATIENCE:.0f} s")


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
        self._fetch(self._finished({self._ask(number)}))
        return time.monotonic() - began

    def compose_all(self, count: int) -> float:
        """Seconds until the last of `count` prompts, asked at once, is finished."""
        began = time.monotonic()
        self._finished({self._ask(number) for number in range(count)})
        return time.monotonic() - began

    def _ask(self, number: int) -> int:
        key, rhythm = _KEYS[number % len(_KEYS)], _RHYTHMS[number % len(_RHYTHMS)]
        text = json.dumps({"text": f"/compose key:{key} rhythm:{rhythm} seed:{number}"})
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._address}/messages", text.encode(), headers)
        with self._opener.open(request, timeout=PATIENCE) as response:
            return int(json.load(response)["id"])

    def _finished(self, waiting: set[int]) -> list[int]:
        """The tunes of these prompts, once all are done."""
        tunes: list[int] = []
        while waiting:
            line = self._events.readline()
            if not line:
                raise WorkerError("the bot ended before its tunes were done")
            if not line.startswith(b'data: {"id"'):
                continue
            prompt = json.loads(line.removeprefix(b"data: "))
            if prompt["final"] and prompt["id"] in waiting:
                if prompt["error"]:
                    raise WorkerError(f"a tune failed: {prompt['error']}")
                waiting.discard(prompt["id"])
                tunes += [tune["id"] for tune in prompt["tunes"]]
        return tunes

    def _fetch(self, tunes: list[int]) -> None:
        for tune in tunes:
            for kind in ("png", "mp3"):
                self._get(f"/tunes/{tune}.{kind}")

    def _get(self, path: str) -> None:
        with self._opener.open(self._address + path, timeout=PATIENCE) as response:
            response.read()
