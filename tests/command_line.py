"""The bot as users run it: `python -m bot` in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import psutil

ROOT = Path(__file__).parents[1]
STARTS_WITHIN = 240.0  # seconds, with a training on the same two cores


def environment(data: Path, **settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TUNESMITH_", "DISCORD_"))}
    return {**inherited, "PYTHONPATH": str(ROOT), "TUNESMITH_DATA_DIR": str(data), **settings}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "bot", *words]


def ran(data: Path, *words: str, cwd: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself. Its working directory holds no config.toml of the developer's."""
    folder = cwd or data.parent
    return subprocess.run(
        command(*words), cwd=folder, env=environment(data, **settings), capture_output=True, text=True, timeout=280
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """`python -m bot` in a process of its own, until `stop`."""

    def __init__(self, data: Path, port: int, program: Sequence[str] = (), **settings: str) -> None:
        self.port = port
        self.process = subprocess.Popen(
            list(program) or command(),
            cwd=data.parent,
            env=environment(data, TUNESMITH_WEB__PORT=str(port), **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output: list[str] = []
        self._lines: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, text: str) -> str:
        """Wait for a line with this text; with none, for the end."""
        while True:
            try:
                line = self._lines.get(timeout=STARTS_WITHIN)
            except Empty:
                raise AssertionError(f"the bot never said {text!r} but {self.output}") from None
            self.output.append(line)
            if text in line if text else not line:
                return line
            assert line, f"the bot ended without {text!r}: {self.output}"

    def healthy(self) -> bool:
        with urllib.request.urlopen(f"{self.address}/health", timeout=120) as response:
            return bool(json.load(response) == {"status": "ok"})

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, name: signal.Signals) -> int:
        self.process.send_signal(name)
        return self.process.wait(timeout=120)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)
        self.process.stdout.close()
        self._lines.put("")


@contextmanager
def bot(data: Path, port: int | None = None, program: Sequence[str] = (), **settings: str) -> Iterator[Running]:
    """A running bot, which has printed that it is ready; its processes are ended afterwards."""
    running = Running(data, port or free_port(), program, **settings)
    children: list[psutil.Process] = []
    try:
        running.says("ready")
        children = running.children()
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
