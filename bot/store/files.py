"""Checkpoints kept in the database, in parts, for machines that have no other way to a version's file."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import checkpoint_files
from bot.store.upsert import one_at_a_time

PART = 1 << 20  # bytes


async def keep(connection: AsyncConnection, sha256: str, data: bytes) -> None:
    """Store a file under its hash; one that is there already stays."""
    await one_at_a_time(connection, checkpoint_files)
    there = select(checkpoint_files.c.part).where(checkpoint_files.c.sha256 == sha256).limit(1)
    if (await connection.execute(there)).first():
        return
    for number, start in enumerate(range(0, len(data), PART)):
        part = {"sha256": sha256, "part": number, "data": data[start : start + PART]}
        await connection.execute(insert(checkpoint_files).values(part))


async def load(connection: AsyncConnection, sha256: str) -> bytes | None:
    """The file with this hash; None where it is not kept here."""
    query = select(checkpoint_files.c.data).where(checkpoint_files.c.sha256 == sha256)
    parts = (await connection.execute(query.order_by(checkpoint_files.c.part))).scalars().all()
    return b"".join(parts) if parts else None


async def drop(connection: AsyncConnection, sha256: str) -> None:
    """Keep the file with this hash no longer."""
    await connection.execute(delete(checkpoint_files).where(checkpoint_files.c.sha256 == sha256))
