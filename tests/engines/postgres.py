"""A PostgreSQL server in a temporary folder, which may be killed and started again."""

import asyncio
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.command_line import free_port

PASSWORD = "a-pass:word/that@must#not?show"
QUOTED = "a-pass%3Aword%2Fthat%40must%23not%3Fshow"
T = TypeVar("T")
_USER = "tunesmith"
# a commit reaches the system, which outlives the server here: a killed one loses nothing
_QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=120")


def binaries() -> Path | None:
    """The folder of initdb and postgres; None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    name = shutil.which("postgres")
    return found[-1].parent if found else Path(name).parent if name else None


def missing() -> str:
    """Why there can be no server; empty where there can."""
    if binaries() is None:
        return "PostgreSQL is not installed (Debian: postgresql)"
    try:
        import asyncpg  # noqa: F401
    except ModuleNotFoundError:
        return "asyncpg is not installed"
    return ""


class Postgres:
    """One server. Its owner is `postgres` where the tests run as root, who may not run it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._data = folder / "data"
        self._as = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "log"

    def create(self) -> None:
        words = self._data.with_name("password")
        words.write_text(PASSWORD)
        if self._as:
            for path in (words.parent, words):
                shutil.chown(path, "postgres", "postgres")
        bin_folder = binaries()
        assert bin_folder
        make = [bin_folder / "initdb", "-D", self._data, "-U", _USER, "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        make += ["--pwfile", words, "--locale", "C.UTF-8"]
        subprocess.run(make, cwd="/", check=True, capture_output=True, **self._as)  # type: ignore[call-overload]

    def start(self) -> None:
        """Run it, and wait until it answers; one that was killed may have to be tried twice."""
        bin_folder = binaries()
        assert bin_folder
        options = ["listen_addresses=127.0.0.1", f"port={self.port}", "unix_socket_directories=", *_QUICK]
        command = [bin_folder / "postgres", "-D", self._data, *(word for option in options for word in ("-c", option))]
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(  # type: ignore[call-overload]
                    command, cwd="/", stdout=log, stderr=log, **self._as
                )
            while self._process.poll() is None:
                if elsewhere(_answers(self.url("postgres"))):
                    return
                time.sleep(0.05)
            time.sleep(0.2)
        raise AssertionError(self._log.read_text())

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody needs what it has not written
            self._process.wait(20)

    def url(self, database: str, port: int | None = None) -> str:
        return f"postgresql+asyncpg://{_USER}:{QUOTED}@127.0.0.1:{port or self.port}/{database}"


async def _answers(url: str) -> bool:
    try:
        await run(url, "SELECT 1")
    except Exception:
        return False
    return True


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """What it gives, on a loop of its own: a test's loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def run(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last of these statements, each in a transaction of its own."""
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=5)
    try:
        rows: list[Any] = []
        for statement in statements:
            rows = await connection.fetch(statement)
        return [tuple(row) for row in rows]
    finally:
        await connection.close()


@contextmanager
def running() -> Iterator[Postgres]:
    """A server of one's own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"tunesmith-{getpass.getuser()}-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        try:
            server.create()
            server.start()
            yield server
        finally:
            server.stop()


def skip_where_missing() -> None:
    if reason := missing():
        pytest.skip(reason)
