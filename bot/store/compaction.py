"""Rewrites a database without what was erased, which until then may stand in free parts of its files."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, text

from bot.store.database import BUSY_SECONDS, display_name, open_engine, sqlite_path, translated
from bot.store.tables import metadata

LARGEST = 500_000_000  # bytes that are written anew beside members who ask; it takes a second for each 100 MB


async def compact(url: URL, largest: int | None = LARGEST) -> None:
    """Write an SQLite file anew and empty its log; let PostgreSQL use the space of erased rows again. StoreError.

    Writes to the file wait meanwhile. Of one beyond `largest` only the log is emptied: what is erased in a file is
    overwritten at once, but rows that were moved inside of it may have left a copy.
    """
    path = sqlite_path(url)
    with translated(display_name(url)):
        if path:
            await asyncio.to_thread(_rewrite, path, largest)
        else:
            await _vacuum(url)


def _rewrite(path: Path, largest: int | None) -> None:
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=ON")
        if largest is None or path.stat().st_size <= largest:
            database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _vacuum(url: URL) -> None:
    engine = open_engine(url, maintenance=True)
    try:
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text(f"VACUUM {', '.join(table.name for table in metadata.sorted_tables)}"))
    finally:
        await engine.dispose()
