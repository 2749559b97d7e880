"""Files of checkpoints in the database, in parts, for bots and workers on machines that lack the file."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import checkpoint_files
from bot.store.upsert import one_at_a_time

PART = 1 << 20  # bytes


async def save(connection: AsyncConnection, sha256: str, data: bytes) -> None:
    """Store a file under its hash; nothing changes where it is stored already."""
    await one_at_a_time(connection, checkpoint_files)
    there = select(checkpoint_files.c.part).where(checkpoint_files.c.sha256 == sha256).limit(1)
    if (await connection.execute(there)).first():
        return
    for number, start in enumerate(range(0, len(data), PART)):
        part = {"sha256": sha256, "part": number, "data": data[start : start + PART]}
        await connection.execute(insert(checkpoint_files).values(part))


async def load(connection: AsyncConnection, sha256: str) -> bytes | None:
    """The file with this hash; None where it is not stored."""
    query = select(checkpoint_files.c.data).where(checkpoint_files.c.sha256 == sha256)
    parts = (await connection.execute(query.order_by(checkpoint_files.c.part))).scalars().all()
    return b"".join(parts) if parts else None


async def remove(connection: AsyncConnection, sha256: str) -> None:
    """Delete the file with this hash, if it is stored."""
    await connection.execute(delete(checkpoint_files).where(checkpoint_files.c.sha256 == sha256))
