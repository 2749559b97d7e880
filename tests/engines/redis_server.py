"""A Redis server in a temporary folder, which may be killed and started again."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import free_port

PASSWORD = "another-pass:word/that@must#not?show"
QUOTED = "another-pass%3Aword%2Fthat%40must%23not%3Fshow"


def missing() -> str:
    """Why there can be no server; empty where there can."""
    if shutil.which("redis-server") is None:
        return "Redis is not installed (Debian: redis-server)"
    try:
        import redis  # noqa: F401
    except ModuleNotFoundError:
        return "redis is not installed (pip install 'tunesmith[cluster]')"
    return ""


class RedisServer:
    """One server, with a password, and an append-only file so that it forgets nothing when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "appendonly": "yes", "save": ""}
        options |= {"appendfsync": "always", "requirepass": PASSWORD, "maxmemory-policy": "noeviction"}
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < until, "Redis did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """It was killed, and its disk is lost."""
        for path in self._folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def url(self, port: int | None = None) -> str:
        return f"redis://:{QUOTED}@127.0.0.1:{port or self.port}/0"

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return b"NOAUTH" in connection.recv(200)
        except OSError:
            return False


@contextmanager
def running(folder: Path) -> Iterator[RedisServer]:
    """A server of one's own, gone afterwards."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def skip_where_missing() -> None:
    if reason := missing():
        pytest.skip(reason)
