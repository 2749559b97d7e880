"""The audit: what admins did, and what members reported to them."""

from typing import Any

from sqlalchemy import Select, insert, select
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
    return await _records(connection, _on_server(place), limit)


async def add_report(connection: AsyncConnection, place: Place, subject: str, reason: str) -> bool:
    """Record that the member of a place reported something; False, and nothing, where somebody did already."""
    same = _on_server(place).where(audit.c.action == "report", audit.c.detail.startswith(subject, autoescape=True))
    rows = await connection.execute(same)
    if any(row.detail.partition(": ")[0] == subject for row in rows):  # not tune 42 for tune 4
        return False
    await add(connection, place, "report", f"{subject}: {reason}" if reason else subject)
    return True


async def latest_reports(connection: AsyncConnection, place: Place, limit: int = 10) -> list[Record]:
    """The last reports on a place's server, and what its admins did about them, newest first."""
    return await _records(connection, _on_server(place).where(audit.c.action.in_(("report", "moderate"))), limit)


def _on_server(place: Place) -> Select[Any]:
    query = select(audit, members.c.name).join_from(audit, servers, audit.c.server_id == servers.c.id)
    return query.join(members, audit.c.member_id == members.c.id).where(*here(place))


async def _records(connection: AsyncConnection, query: Select[Any], limit: int) -> list[Record]:
    rows = await connection.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [Record(row.name, row.action, row.detail, row.created_at) for row in rows]
