"""The audit: what admins did."""

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import Place, Record
from bot.store.members import here, register
from bot.store.tables import audit, members, now, servers


async def add(connection: AsyncConnection, place: Place, action: str, detail: str) -> tuple[int, int]:
    """Record what the member of a place did. (member_id, server_id) of the place, registered where it is new."""
    member_id, server_id = await register(connection, place)
    values = {"server_id": server_id, "member_id": member_id, "action": action, "detail": detail, "created_at": now()}
    await connection.execute(insert(audit).values(values))
    return member_id, server_id


async def latest(connection: AsyncConnection, place: Place, limit: int = 10) -> list[Record]:
    """The last records of a place's server, newest first."""
    query = select(audit, members.c.name).join_from(audit, servers, audit.c.server_id == servers.c.id)
    query = query.join(members, audit.c.member_id == members.c.id).where(*here(place))
    rows = await connection.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [Record(row.name, row.action, row.detail, row.created_at) for row in rows]
