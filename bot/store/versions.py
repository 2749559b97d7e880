"""Versions: the checkpoints that the bot knows by number."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.tables import now, versions
from bot.store.upsert import insert_for, one_at_a_time
from bot.values import Version

SHIPPED = 1  # the number of the one that comes with the bot, registered or not


async def add(connection: AsyncConnection, path: str, sha256: str, name: str, number: int | None, note: str) -> Version:
    """Register a checkpoint under `number`, or the next free one. A number that exists gets the new path and hash."""
    if number is None:
        await one_at_a_time(connection, versions)
        number = 1 + max(SHIPPED, (await connection.execute(select(func.max(versions.c.number)))).scalar() or 0)
    insert = insert_for(connection, versions).values(
        number=number, path=path, sha256=sha256, name=name, created_at=now(), note=note
    )
    changed = {column: insert.excluded[column] for column in ("path", "sha256", "name", "note")}
    statement = insert.on_conflict_do_update(index_elements=["number"], set_=changed)
    row = (await connection.execute(statement.returning(*versions.c))).one()
    return Version(**row._mapping)


async def load_all(connection: AsyncConnection) -> list[Version]:
    """Every version, in order of number."""
    rows = await connection.execute(select(versions).order_by(versions.c.number))
    return [Version(**row._mapping) for row in rows]
