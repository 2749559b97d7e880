"""Redis and PostgreSQL servers on free loopback ports, for benchmarks and tests."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PASSWORD = "a-pass:word/that@must#not?show"  # with what URLs quote
QUOTED = "a-pass%3Aword%2Fthat%40must%23not%3Fshow"
_USER = "tunesmith"
_START_TIMEOUT = 30.0  # seconds that a server may take to start
# a commit reaches the system, which outlives the server here: a killed one loses nothing
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=120")

# a server is started by a shell that exits, so that neither it nor its own processes count as children of ours
_DETACHED = ("/bin/sh", "-c", '"$0" "$@" &')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def missing_postgres() -> str:
    """Why there can be no PostgreSQL; empty where there can."""
    if _postgres_folder() is None:
        return "PostgreSQL is not installed (Debian: postgresql)"
    return "" if find_spec("asyncpg") else "asyncpg is not installed (pip install -e '.[cluster]')"


def missing_redis() -> str:
    """Why there can be no Redis; empty where there can."""
    if shutil.which("redis-server") is None:
        return "Redis is not installed (Debian: redis-server)"
    return "" if find_spec("redis") else "redis is not installed (pip install -e '.[cluster]')"


def _postgres_folder() -> Path | None:
    """The folder of initdb and postgres, the newest; None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    name = shutil.which("postgres")
    return found[-1].parent if found else Path(name).parent if name else None


class Postgres:
    """One server with the database `postgres`. Root, which may not run it, starts it as the user `postgres`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self._options = options
        self._data, self._log = folder / "data", folder / "log"
        self._as: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
        if os.geteuid() != 0:
            self._as = {}
        self._programs = _postgres_folder() or Path()

    def create(self) -> None:
        words = self._data.with_name("password")
        words.write_text(PASSWORD)
        if self._as:
            for path in (words.parent, words):
                shutil.chown(path, "postgres", "postgres")
        kind = ["-U", _USER, "-A", "scram-sha-256", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        make = [str(self._programs / "initdb"), "-D", str(self._data), *kind, "--pwfile", str(words)]
        subprocess.run(make, cwd="/", check=True, capture_output=True, **self._as)

    def start(self) -> None:
        """Run it, and wait until it answers; after a kill that may take a second try."""
        options = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories="]
        words = [word for option in (*options, *_FAST, *self._options) for word in ("-c", option)]
        command = [*_DETACHED, str(self._programs / "postgres"), "-D", str(self._data), *words]
        until = time.monotonic() + _START_TIMEOUT
        while time.monotonic() < until:
            with self._log.open("ab") as log:
                subprocess.run(command, cwd="/", stdout=log, stderr=log, start_new_session=True, **self._as)
            for _ in range(100):
                if self._answers():
                    return
                time.sleep(0.05)
        raise AssertionError(self._log.read_text())

    def _answers(self) -> bool:
        ask = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-d", "postgres"]
        return subprocess.run(ask, capture_output=True).returncode == 0

    def kill(self) -> None:
        """As `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stop at once, without writing what is in memory."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        try:
            os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), how)
        except (OSError, ValueError, IndexError):
            return  # it has ended
        while self._answers():
            time.sleep(0.02)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+asyncpg://{_USER}:{QUOTED}@127.0.0.1:{self.port}/{database}"


class RedisServer:
    """One server, with a password, and an append-only file so that it forgets nothing when it is killed."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.port = free_port()
        self._folder, self._options = folder, options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "appendonly": "yes", "save": ""}
        options |= {"appendfsync": "always", "requirepass": PASSWORD, "maxmemory-policy": "noeviction"} | self._options
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
        until = time.monotonic() + _START_TIMEOUT
        while not self._answers():
            if time.monotonic() > until:
                raise AssertionError("Redis did not start")
            time.sleep(0.02)

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def forget(self) -> None:
        """Lose its disk, after a kill."""
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
def postgres(*options: str) -> Iterator[Postgres]:
    """A server that runs until the block ends; `options` as `-c` takes them."""
    # where any user may look for its folder
    with tempfile.TemporaryDirectory(prefix="tunesmith-postgres-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder), *options)
        try:
            server.create()
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def redis(**options: str) -> Iterator[RedisServer]:
    """A server that runs until the block ends; `options` as its configuration has them."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-redis-", ignore_cleanup_errors=True) as folder:
        server = RedisServer(Path(folder), **options)
        server.start()
        try:
            yield server
        finally:
            server.kill()
