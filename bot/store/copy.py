"""Copies an SQLite store into another database, and counts the rows on both sides."""

import asyncio
import fcntl
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.core.errors import StoreError
from bot.store.database import database_url, display_name, open_engine, sqlite_path, translated
from bot.store.migrate import migrate
from bot.store.tables import metadata, prompts, versions

BATCH = 500  # rows in one statement
_LATER = (prompts.c.varied_from, versions.c.retraining_id)  # references to rows of tables that are copied later
_UNCLAIMED = {"bot": None, "leased_until": None}


async def copy(source: str | Path, target: str | Path) -> dict[str, int]:
    """Copy an SQLite store into an empty database, all of it or nothing. The number of rows by table.

    The source, which may be an older release's, is not altered; the target is made or migrated first. StoreError where
    a bot runs on the source, where it is no store, and where the target is not empty.
    """
    path = sqlite_path(database_url(source))
    if path is None:
        raise StoreError("only an SQLite store can be copied from: write sqlite:///FILE")
    if not await asyncio.to_thread(path.is_file):
        raise StoreError(f"there is no database {path}")
    url = database_url(target)
    if sqlite_path(url) == path:
        raise StoreError(f"{path} cannot be copied into itself: set [store] url to another database")
    await migrate(target)
    with tempfile.TemporaryDirectory(prefix="tunesmith-copy-") as folder, _no_bot_on(path):
        snapshot = Path(folder) / "tunesmith.db"
        with translated(str(path)):
            await asyncio.to_thread(_snapshot, path, snapshot)
        await migrate(snapshot)
        old, new = open_engine(database_url(snapshot)), open_engine(url, maintenance=True)
        try:
            with translated(display_name(url)):
                return await copy_rows(old, new, display_name(url))
        finally:
            await old.dispose()
            await new.dispose()


@contextmanager
def _no_bot_on(path: Path) -> Iterator[None]:
    """Hold the lock of the file's data directory, where it has one. StoreError where a bot holds it."""
    lock = path.with_name("bot.lock")
    if not lock.is_file():
        yield
        return
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(f"a bot is at work on {path}: stop it first") from error
        yield


def _snapshot(path: Path, copy: Path) -> None:
    address = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


async def copy_rows(old: AsyncEngine, new: AsyncEngine, name: str, replace: bool = False) -> dict[str, int]:
    """Copy all rows, as they are at one moment, into the database called `name`, all or none. Rows by table.

    Both databases have this release's tables. StoreError where the target is not empty, unless `replace`.
    """
    async with old.connect() as source, new.execution_options(writes=True).begin() as target:
        if replace:
            await _clear(target)
        for table in metadata.sorted_tables:
            if await count_rows(target, table):
                raise StoreError(f"the database {name} is not empty ({table.name}): make a new one to copy into")
        for table in metadata.sorted_tables:
            await _rows(source, target, table)
        await _references(source, target)
        counts = {table.name: await count_rows(target, table) for table in metadata.sorted_tables}
        for table in metadata.sorted_tables:
            if (there := await count_rows(source, table)) != counts[table.name]:
                raise StoreError(f"{table.name}: {there} rows became {counts[table.name]}; nothing was copied")
            await _number_on(target, table)
        return counts


async def count_rows(connection: AsyncConnection, table: Table) -> int:
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def _clear(target: AsyncConnection) -> None:
    """Empty all tables of a server's database in one statement, since their rows refer to each other in circles."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    await target.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))


async def _rows(source: AsyncConnection, target: AsyncConnection, table: Table) -> None:
    rows = await source.stream(select(table).order_by(*table.primary_key.columns))
    async for batch in rows.mappings().partitions(BATCH):
        await target.execute(insert(table), [_fit(table, dict(row)) for row in batch])


def _fit(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The row as it is inserted: unclaimed, and without references to rows that are copied later."""
    later = {column.name: None for column in _LATER if column.table is table}
    return {**row, **(_UNCLAIMED if table is prompts else {}), **later}


async def _references(source: AsyncConnection, target: AsyncConnection) -> None:
    """Set the references that `_fit` left out."""
    for column in _LATER:
        (key,) = column.table.primary_key.columns
        query = select(key, column).where(column.is_not(None))
        for number, other in (await source.execute(query)).all():
            await target.execute(update(column.table).where(key == number).values({column.name: other}))


async def _number_on(target: AsyncConnection, table: Table) -> None:
    """Have new rows numbered from above the copied ones."""
    if target.dialect.name == "postgresql" and "id" in table.c:
        sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
        await target.execute(text(f"SELECT setval({sequence}, max(id)) FROM {table.name} HAVING max(id) IS NOT NULL"))
