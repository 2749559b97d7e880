"""Rewrites a database without what was erased, which until then may stand in free parts of its files."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, text

from bot.store.database import BUSY_SECONDS, display_name, open_engine, sqlite_path, translated
from bot.store.tables import metadata


async def compact(url: URL) -> None:
    """Write an SQLite file anew and empty its log; let PostgreSQL use the space of erased rows again. StoreError.

    Bots can go on meanwhile; writes to an SQLite file wait. It takes a second for each 100 MB or so.
    """
    path = sqlite_path(url)
    with translated(display_name(url)):
        if path:
            await asyncio.to_thread(_rewrite, path)
        else:
            await _vacuum(url)


def _rewrite(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=ON")
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _vacuum(url: URL) -> None:
    engine = open_engine(url, patient=True)
    try:
        async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            await connection.execute(text(f"VACUUM {', '.join(table.name for table in metadata.sorted_tables)}"))
    finally:
        await engine.dispose()
