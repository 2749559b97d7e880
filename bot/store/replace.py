"""Puts a snapshot in the place of a database. Whatever happens meanwhile, the old one or the new one is there."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from bot.core.errors import StoreInUse
from bot.core.files import sync
from bot.store.copy import copy_rows, count_rows
from bot.store.database import CLIENT, database_url, display_name, open_engine, sqlite_path, translated
from bot.store.migrate import migrate
from bot.store.snapshot import single_file
from bot.store.tables import metadata

_LEAVE_WITHIN = 5.0  # seconds in which a server forgets the connections of a bot that was just stopped
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity"
    f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = '{CLIENT}'"
)


async def is_empty(location: str | Path) -> bool:
    """Whether there is no SQLite file at a path or URL, or no row of ours in a server's database."""
    url = database_url(location)
    path = sqlite_path(url)
    if path is not None:
        return not await asyncio.to_thread(path.exists)
    with translated(display_name(url)):
        engine = open_engine(url, maintenance=True)
        try:
            async with engine.connect() as connection:
                there = await connection.run_sync(_tables)
                known = [table for table in metadata.sorted_tables if table.name in there]
                return not sum([await count_rows(connection, table) for table in known])
        finally:
            await engine.dispose()


async def put(file: Path, location: str | Path) -> Path | None:
    """Put a snapshot, which is of this release, in the place of the database at a path or URL.

    An SQLite file that was there is kept beside it, as the path that is returned; the snapshot is moved. StoreInUse,
    and nothing has changed, where a bot or a command is at work on the database.
    """
    url = database_url(location)
    path = sqlite_path(url)
    with translated(display_name(url)):
        if path is not None:
            return await asyncio.to_thread(_into_file, file, path)
        await migrate(location)
        await _into_server(file, url)
        return None


def _tables(connection: Connection) -> list[str]:
    return inspect(connection).get_table_names()


def _into_file(file: Path, path: Path) -> Path | None:
    single_file(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = path.with_name(f"{path.name}.before-restore") if path.exists() else None
    if kept:
        _settle(path, kept)
        _keep(path, kept)
    sync(file)
    os.replace(file, path)
    sync(path.parent)
    return kept


def _settle(path: Path, kept: Path) -> None:
    """Write the log beside a database into it: left there, it would be taken for the next one's.

    Leaving write-ahead logging wants the database to oneself. Of a damaged one the log is kept too.
    """
    try:
        with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StoreInUse(f"{path} is in use: stop the bot and every command that works on it") from error
    except sqlite3.DatabaseError:
        pass
    for ending in ("-wal", "-shm", "-journal"):
        log, its = path.with_name(path.name + ending), kept.with_name(kept.name + ending)
        its.unlink(missing_ok=True)
        if log.exists():
            os.replace(log, its)


def _keep(path: Path, kept: Path) -> None:
    unfinished = kept.with_name(f"{kept.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        os.link(path, unfinished)
    except OSError:  # not every file system has links
        shutil.copyfile(path, unfinished)
    os.replace(unfinished, kept)


async def _into_server(file: Path, url: URL) -> None:
    source, server = open_engine(database_url(file)), open_engine(url, maintenance=True)
    leaving = AsyncRetrying(
        stop=stop_after_delay(_LEAVE_WITHIN),
        wait=wait_fixed(0.1),
        retry=retry_if_exception_type(StoreInUse),
        reraise=True,
    )
    try:
        await leaving(_refuse_others, server, display_name(url))
        await copy_rows(source, server, display_name(url), replace=True)
    finally:
        await source.dispose()
        await server.dispose()


async def _refuse_others(server: AsyncEngine, name: str) -> None:
    async with server.connect() as connection:
        if others := (await connection.execute(_OTHERS)).scalar_one():
            raise StoreInUse(f"{name} is in use by {others} connections: stop every bot that works on it")
