"""One database: its URL, connections and transactions, and what SQLite and PostgreSQL each need for them."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, AsyncAdaptedQueuePool, Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.core.errors import StoreError, StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS = 30.0  # for which a write waits for another process, such as a migration or a backup
# without isolation_level=None the driver begins transactions by itself: late, and never for a read
SQLITE_ARGUMENTS = {"timeout": BUSY_SECONDS, "isolation_level": None}
POOL_SIZE = 5  # connections; each of SQLite's is a thread
SERVER_POOL_SIZE = 10
CLIENT = "tunesmith"  # the application name of connections, but for those of maintenance
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_CHECK = "check that it can be reached and written, and that its disk has space"
UNAVAILABLE = "the database does not answer: please ask again in a minute"
BROKEN = "the database cannot be used: whoever runs the bot finds the reason in its log"
# of SQLite's result codes those that pass: busy, locked, out of memory, read-only, I/O, full, cannot open, protocol
_PASSING = (5, 6, 7, 8, 10, 13, 14, 15)
LOG_EVERY = 60.0  # seconds between two lines on the same failure

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerTimeouts:
    """Seconds in which a server has to accept a connection and to answer a statement."""

    connect: float = 5.0
    answer: float = 20.0


TIMEOUTS = ServerTimeouts()


def database_url(location: str | Path) -> URL:
    """The URL, with its driver, of a path (to an SQLite file) or a `sqlite:` or `postgresql:` URL; else StoreError."""
    if isinstance(location, Path) or "://" not in location:
        return URL.create(_DRIVERS["sqlite"], database=str(Path(location).absolute()))
    try:
        url = make_url(location)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (ArgumentError, KeyError, ValueError):
        kind = location.partition("://")[0]  # the rest may hold a password
        raise StoreError(f"cannot read the {kind!r} database URL: write sqlite:///FILE or postgresql://…") from None


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database; None for another database."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def display_name(url: URL) -> str:
    """A database in a message: SQLite's path, another's URL without its password."""
    path = sqlite_path(url)
    return str(path) if path else url.set(query={}).render_as_string(hide_password=True)  # a query may hold a password


def name_of(location: str | Path) -> str:
    """A path or URL in a message, without its password."""
    return display_name(database_url(location))


def open_engine(url: URL, maintenance: bool = False, timeouts: ServerTimeouts = TIMEOUTS) -> AsyncEngine:
    """Connections to a database, opened at their first use; the caller disposes of the engine.

    With `maintenance` a statement may take any time, and the server sees another application name.
    """
    if sqlite_path(url) is None:
        arguments = {
            "timeout": timeouts.connect,
            "command_timeout": None if maintenance else timeouts.answer,
            "server_settings": {"application_name": f"{CLIENT}-maintenance" if maintenance else CLIENT},
        }
        return create_async_engine(
            url, pool_size=SERVER_POOL_SIZE, max_overflow=0, pool_pre_ping=True, connect_args=arguments
        )
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=POOL_SIZE, max_overflow=0, connect_args=SQLITE_ARGUMENTS
    )
    configure_sqlite(engine.sync_engine, foreign_keys=True)
    return engine


def configure_sqlite(engine: Engine, foreign_keys: bool) -> None:
    """Have every connection of an SQLite engine use a write-ahead log, check foreign keys, and begin explicitly."""

    def connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA secure_delete=ON")  # what is erased does not stay in the file
        cursor.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", _begin)


def _begin(connection: Connection) -> None:
    # a transaction that reads first and writes later cannot wait for another writer: SQLite refuses it at once
    immediate = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn failures of the database and the file system into StoreError; what a wrong statement raises is a bug."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise
    except ModuleNotFoundError as error:
        raise StoreError(f"cannot use the database {name}: pip install {error.name}") from error
    except Exception as error:
        if not _of_the_database(error):
            raise
        cause = error.orig if isinstance(error, DBAPIError) else error
        damaged = type(cause) is sqlite3.DatabaseError  # "file is not a database", "database disk image is malformed"
        advice = "restore a backup, or move the file away to start anew" if damaged else _CHECK
        reason = (str(cause).splitlines() or [type(cause).__name__])[0]
        raise StoreError(f"cannot use the database {name} ({reason}): {advice}") from error


def _of_the_database(error: Exception) -> bool:
    """Whether the database or the network failed. While it connects, SQLAlchemy does not wrap asyncpg's own errors."""
    known = isinstance(error, DBAPIError | PoolTimeout | sqlite3.Error | OSError)
    return known or type(error).__module__.startswith("asyncpg.")


def _is_unavailable(error: StoreError) -> bool:
    """Whether the same call may work in a while.

    A server could not be reached, or the connection was lost; an SQLite file is locked, or its disk is full.
    """
    cause = error.__cause__
    original = cause.orig if isinstance(cause, DBAPIError) else cause
    if isinstance(original, sqlite3.Error):
        return (getattr(original, "sqlite_errorcode", 0) & 0xFF) in _PASSING
    if isinstance(cause, DBAPIError):
        states = str(getattr(cause.orig, "sqlstate", None) or "")
        # 08: connection, 57P: the server is being shut down or started, 53: it is short of connections or space
        return cause.connection_invalidated or states.startswith(("08", "57P", "53")) or not states
    return not isinstance(cause, ModuleNotFoundError)


class Database:
    """Transactions on one pool of connections, to be closed.

    Failures leave as StoreUnavailable where the same call may work in a while, else as StoreError. The log has their
    reasons, once a minute; their messages, which members see, have none.
    """

    def __init__(self, url: URL, timeouts: ServerTimeouts = TIMEOUTS) -> None:
        self._name = display_name(url)
        self._is_server = sqlite_path(url) is None
        self._engine = open_engine(url, timeouts=timeouts)
        self._reading_engine = self._engine
        if self._is_server:  # SQLite's transactions read one moment anyway
            self._reading_engine = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._writing_engine = self._engine.execution_options(writes=True)
        # SQLite has one writer: a lock is fair, and those who wait for it hold no connection
        self._write_lock: AbstractAsyncContextManager[Any] = nullcontext() if self._is_server else asyncio.Lock()
        self._running: set[asyncio.Task[Any]] = set()
        self._failing: dict[str, float] = {}  # reads or writes, of which the last failed -> when that was logged

    @property
    def unavailable(self) -> bool:
        """Whether the last read or the last write failed."""
        return bool(self._failing)

    async def read(
        self, query: Callable[Concatenate[AsyncConnection, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """What `query` finds; all it reads is from one moment of the database."""

        async def run() -> T:
            async with self._reading_engine.connect() as connection:
                return await query(connection, *args, **kw)

        return await self._uncancelled(run(), "read")

    async def write(
        self, change: Callable[Concatenate[AsyncConnection, P], Awaitable[T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """What `change` returns, run as one transaction: all of it is stored, or on an exception none of it."""

        async def run() -> T:
            async with self._write_lock, self._writing_engine.begin() as connection:
                return await change(connection, *args, **kw)

        return await self._uncancelled(run(), "write")

    async def alone(self, work: Callable[[URL], Awaitable[None]]) -> None:
        """Do something with the database itself; no write of this process begins meanwhile."""

        async def run() -> None:
            async with self._write_lock:
                await work(self._engine.url)

        await self._uncancelled(run(), "maintenance")

    async def close(self) -> None:
        """Wait for what is running, then close every connection."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._engine.dispose()

    async def _uncancelled(self, work: Coroutine[Any, Any, T], kind: str) -> T:
        # a statement in the driver's thread cannot be cancelled: its connection would be lost within a transaction
        what = "a call" if self._is_server else kind  # a full disk lets SQLite read
        task = asyncio.create_task(self._reported(work, what))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _reported(self, work: Coroutine[Any, Any, T], kind: str) -> T:
        """Log a failure, and hide it from members, since it has the database's path, or its server's address."""
        try:
            with translated(self._name):
                result = await work
        except StoreError as error:
            self._on_failure(error, kind)
            if _is_unavailable(error):
                raise StoreUnavailable(UNAVAILABLE) from error
            raise StoreError(BROKEN) from error
        if self._failing.pop(kind, None) is not None:
            log.warning("the database %s is back", self._name)
        return result

    def _on_failure(self, error: StoreError, kind: str) -> None:
        now = time.monotonic()
        if now - self._failing.get(kind, -LOG_EVERY) >= LOG_EVERY:
            self._failing[kind] = now
            log.error("%s failed: %s", kind, error)
