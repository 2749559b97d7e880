"""Migrates a database to this release's tables, which is safe at every start."""

import asyncio
import logging
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, NullPool, create_engine, inspect, text

from bot.core.errors import StoreError
from bot.core.files import PRIVATE_FOLDER, create_private
from bot.store.database import (
    SQLITE_ARGUMENTS,
    configure_sqlite,
    database_url,
    display_name,
    open_engine,
    sqlite_path,
    translated,
)

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7483920155)")  # a number of our own; held until the commit

log = logging.getLogger(__name__)
_alembic = threading.Lock()  # Alembic's `context` and `op` are global: one migration at a time in a process


async def migrate(location: str | Path, scripts: Path = MIGRATIONS) -> None:
    """Make or upgrade the database at a path or URL in one transaction; one that is up to date is not altered.

    An SQLite file that holds tables is first copied to `NAME.before-REVISION` beside it. StoreError, with nothing
    altered, where the database is a newer release's, is no database, is corrupt or cannot be written.
    """
    await asyncio.to_thread(_migrate, database_url(location), scripts)


def known_revisions(scripts: Path = MIGRATIONS) -> set[str]:
    """Those from which `migrate` can bring a database up to date."""
    return {script.revision for script in ScriptDirectory.from_config(_config(scripts)).walk_revisions()}


def is_current(connection: Connection, name: str, scripts: Path = MIGRATIONS) -> bool:
    """Whether a database has this release's tables. StoreError where it is a newer release's or another program's."""
    return not _pending(connection, _config(scripts), name)


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config


def _migrate(url: URL, scripts: Path) -> None:
    path = sqlite_path(url)
    config = _config(scripts)
    with translated(display_name(url)), _alembic:
        if path is None:
            asyncio.run(_upgrade_server(url, config))
        else:
            _upgrade_file(path, url, config)


async def _upgrade_server(url: URL, config: Config) -> None:
    engine = open_engine(url, maintenance=True)
    try:
        async with engine.begin() as connection:
            await connection.execute(_ONE_AT_A_TIME)
            await connection.run_sync(_upgrade, url, config)
    finally:
        await engine.dispose()


def _upgrade_file(path: Path, url: URL, config: Config) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
    if path.exists():
        _refuse_unwritten(path, config)
        if not path.stat().st_size:
            log.warning("the database %s was empty and is made anew: if it held anything, restore a backup", path)
    create_private(path)  # SQLite gives the files beside it the same permissions
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool, connect_args=SQLITE_ARGUMENTS)
    # a migration replaces an SQLite table to alter it, which with foreign keys on would empty tables that refer to it
    configure_sqlite(engine, foreign_keys=False)
    with engine.execution_options(writes=True).begin() as connection:
        _upgrade(connection, url, config)


def _refuse_unwritten(path: Path, config: Config) -> None:
    """Refuse a file that is not ours before it is opened for writing, which may alter it already."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
    with engine.connect() as connection:
        _pending(connection, config, str(path))


def _pending(connection: Connection, config: Config, name: str) -> bool:
    """Whether migrations are missing. StoreError where the database is a newer release's or another program's."""
    scripts = ScriptDirectory.from_config(config)
    heads = set(MigrationContext.configure(connection).get_current_heads())
    newer = heads - {script.revision for script in scripts.walk_revisions()}
    if newer:
        raise StoreError(
            f"the database {name} is from a newer release of Tunesmith (revision {', '.join(sorted(newer))}):"
            " install that release, or move the file away to start anew"
        )
    tables = inspect(connection).get_table_names()
    if tables and "alembic_version" not in tables:
        raise StoreError(f"the database {name} belongs to another program: move it away, or choose another data_dir")
    return heads != set(scripts.get_heads())


def _upgrade(connection: Connection, url: URL, config: Config) -> None:
    """Upgrade in the transaction of this connection, which keeps other processes from doing the same."""
    name, path = display_name(url), sqlite_path(url)
    if not _pending(connection, config, name):
        _prove_writable(connection)
        return
    head = ScriptDirectory.from_config(config).get_current_head()
    if path and inspect(connection).get_table_names():
        _back_up(path, path.with_name(f"{path.name}.before-{head}"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if path and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise StoreError(f"the database {name} has rows of {broken[0]} that refer to nothing: restore a backup")
    log.info("database %s is now at revision %s", name, head)


def _prove_writable(connection: Connection) -> None:
    """Write and roll back, so that a file without write permission is found at the start, not at the first prompt."""
    with connection.begin_nested() as trial:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        trial.rollback()


def _back_up(path: Path, copy: Path) -> None:
    unfinished = copy.with_name(copy.name + ".part")
    create_private(unfinished)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    os.replace(unfinished, copy)
    log.info("kept a copy of the database as %s", copy)
