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
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from bot.benchmarks import discord_latency, machines, members, rendering, retraining, storage
from bot.benchmarks.row import Row, at_most
from bot.core.config import Config
from bot.core.errors import WorkerError

ONE_BY_ONE = 12  # prompts that are timed, after one that is not
AT_ONCE = 40
PATIENCE = 120.0  # seconds without news after which the bench gives up
_KEYS, _RHYTHMS = ("Edor", "D", "Am", "G", "Bm"), ("reel", "jig", "hornpipe", "waltz", "polka", "slip jig")


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "bench",
        help="measure start, waiting time, memory and throughput",
        description="Start a bot on a database of its own, ask it for tunes as the page does, and measure.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list of rows")
    parser.add_argument(
        "--large",
        action="store_true",
        help="also a retraining, 5,000 tunes in a row, and a store with a million (an hour, gigabytes)",
    )
    parser.set_defaults(run=run)


def run(config: Config, options: argparse.Namespace) -> int:
    rows = []
    if not options.json:
        print(f"{'':<72} {'ours':>8} {'baseline':>8} {'ratio':>6} {'goal':>5}  unit")
    for row in _rows(config, options):
        rows.append(row.to_json())
        if not options.json:
            print(_line(rows[-1]), flush=True)
    if options.json:
        print(json.dumps(rows, indent=2))
    return 0


def _rows(config: Config, options: argparse.Namespace) -> Iterator[Row]:
    yield from measure(options.config)
    yield from rendering.measure()
    yield from members.measure(config)
    yield from discord_latency.measure(options.config)
    yield from machines.measure()
    if options.large:
        yield from retraining.measure(config)
        yield from members.endure(config)
        yield from storage.measure()


def _line(row: dict[str, Any]) -> str:
    baseline, ratio, goal = ("" if row[name] is None else f"{row[name]:g}" for name in ("baseline", "ratio", "goal"))
    return f"{row['name']:<72} {row['ours']:>8.4g} {baseline:>8} {ratio:>6} {goal:>5}  {row['unit']}"


def measure(config: Path | None) -> Iterator[Row]:
    """Start a bot and time it. Raises WorkerError where it does not start or a tune fails."""
    began = time.monotonic()
    with _bot(config) as (process, address):
        _wait_for(process, f"{address}/health")
        yield at_most("from start to /health answering", time.monotonic() - began, 10, "s")
        page = _Page(address)
        page.compose(0)
        seconds = [page.compose(number) for number in range(1, ONE_BY_ONE + 1)]
        yield at_most("/compose to picture and sound, median", statistics.median(seconds), 2, "s")
        if Path("/proc/self/maps").exists():
            yield from _memory(process.pid)
        yield Row(f"finished tunes, {AT_ONCE} prompts queued at once", AT_ONCE / page.compose_all(AT_ONCE), "tunes/s")


def _memory(pid: int) -> Iterator[Row]:
    worker = next(child for child in _children(pid) if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes())
    torch = "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    yield at_most("memory of the bot process", _resident(pid), 250, "MB")
    yield at_most("torch in the bot process", int(torch), 0, "libraries")
    yield at_most("memory of the worker", _resident(worker), 700, "MB")


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
        own |= {f"QUEUE__{name}": str(AT_ONCE) for name in ("PER_MEMBER", "PER_SERVER", "LIMIT")}
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
