"""A database at one moment as one SQLite file, taken while bots work on it; what such a file holds.

PostgreSQL too is written as an SQLite file, read in one repeatable-read transaction by the tables of this release. So a
backup needs no `pg_dump` of the server's version, can be restored into either database, and an older one is brought up
to date by the same migrations.
"""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from bot.core.errors import StoreError
from bot.store.copy import copy_rows
from bot.store.database import database_url, display_name, open_engine, sqlite_path, translated
from bot.store.migrate import is_current, known_revisions, migrate
from bot.store.tables import metadata


@dataclass(frozen=True)
class LearnedFile:
    """A version's checkpoint that did not come with Tunesmith."""

    version: int
    path: Path
    sha256: str


async def take(location: str | Path, file: Path) -> None:
    """Write the database at a path or URL, as it is at one moment, to a new SQLite file. Nobody has to wait for it.

    StoreError where there is no database of ours, or it is damaged, or a server's is of another release.
    """
    url = database_url(location)
    path = sqlite_path(url)
    with translated(display_name(url)):
        if path is None:
            await _from_server(url, file)
        elif not await asyncio.to_thread(path.is_file):
            raise StoreError(f"there is no database {path}")
        else:
            await asyncio.to_thread(_from_file, path, file)
    await asyncio.to_thread(check, file, display_name(url))


def check(file: Path, name: str) -> None:
    """StoreError, about the database that is called `name`, where a snapshot is damaged, or no database of ours."""
    with translated(name), closing(_read_only(file)) as database:
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise StoreError(f"the database {name} is damaged ({found.splitlines()[-1]}): restore a backup")
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise StoreError(f"the database {name} belongs to another program")


def revision(file: Path) -> str:
    """The revision of a snapshot's tables."""
    with translated(str(file)), closing(_read_only(file)) as database:
        row = database.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else ""


def is_known(number: str) -> bool:
    """Whether this release can bring a database of this revision up to date."""
    return number in known_revisions()


def counts(file: Path) -> dict[str, int]:
    """How many rows each table of a snapshot has."""
    with translated(str(file)), closing(_read_only(file)) as database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        names = sorted(there & metadata.tables.keys())
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def learned(file: Path) -> list[LearnedFile]:
    """The checkpoints of a snapshot's versions, but for version 1, which comes with Tunesmith, and pruned ones."""
    with translated(str(file)), closing(_read_only(file)) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute("SELECT * FROM versions WHERE number > 1 ORDER BY number")]
    kept = [row for row in rows if not row.get("pruned_at")]
    return [LearnedFile(row["number"], Path(row["path"]), row["sha256"]) for row in kept]


def relocate(file: Path, paths: Mapping[str, Path]) -> None:
    """Let the versions of a snapshot find their checkpoints, given by SHA-256, where they are now."""
    with translated(str(file)), closing(sqlite3.connect(file)) as database, database:
        for sha256, path in paths.items():
            database.execute("UPDATE versions SET path = ? WHERE sha256 = ? AND number > 1", (str(path), sha256))


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _from_file(source: Path, file: Path) -> None:
    # all pages in one step: a copy in several begins anew whenever a bot has written
    with closing(_read_only(source)) as old, closing(sqlite3.connect(file)) as new:
        old.backup(new)
    single_file(file)


async def _from_server(url: URL, file: Path) -> None:
    name = display_name(url)
    server = open_engine(url, maintenance=True).execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    try:
        async with server.connect() as connection:
            if not await connection.run_sync(is_current, name):
                raise StoreError(f"the database {name} is of an older release: back up with that one, or migrate it")
        await migrate(file)
        target = open_engine(database_url(file))
        try:
            await copy_rows(server, target, str(file))
        finally:
            await target.dispose()
        await asyncio.to_thread(single_file, file)
    finally:
        await server.dispose()


def single_file(file: Path) -> None:
    """Let an SQLite database that nobody has open be one file, with no log beside it."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
