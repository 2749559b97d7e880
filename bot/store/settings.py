"""What the admins of a server chose, and what they did."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import Place, Record, ServerSettings
from bot.store import members as member_rows
from bot.store.tables import audit, members, now, server_settings, servers
from bot.store.upsert import insert_for


async def load(connection: AsyncConnection, place: Place) -> ServerSettings:
    """Nothing chosen where the server is unknown."""
    query = select(server_settings).join_from(server_settings, servers, server_settings.c.server_id == servers.c.id)
    row = (await connection.execute(query.where(*_here(place)))).one_or_none()
    return _from_row(row) if row else ServerSettings()


async def change(connection: AsyncConnection, place: Place, changes: Mapping[str, Any], detail: str) -> ServerSettings:
    """Change fields of a server's settings, and tell the audit."""
    settings = replace(await load(connection, place), **changes)
    server_id, _ = await audited(connection, place, "settings", detail)
    values = {"server_id": server_id, **asdict(settings)}
    values |= {name: list(values[name]) for name in ("channels", "admin_roles")}
    new = insert_for(connection, server_settings).values(values)
    changed = {name: new.excluded[name] for name in values if name != "server_id"}
    await connection.execute(new.on_conflict_do_update(index_elements=["server_id"], set_=changed))
    return settings


async def record(connection: AsyncConnection, place: Place, action: str, detail: str) -> None:
    """Tell the audit what an admin did."""
    await audited(connection, place, action, detail)


async def records(connection: AsyncConnection, place: Place, limit: int) -> list[Record]:
    """What the admins of a server did last, newest first."""
    query = select(audit, members.c.name).join_from(audit, servers, audit.c.server_id == servers.c.id)
    query = query.join(members, audit.c.member_id == members.c.id).where(*_here(place))
    rows = await connection.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [Record(row.name, row.action, row.detail, row.created_at) for row in rows]


async def audited(connection: AsyncConnection, place: Place, action: str, detail: str) -> tuple[int, int]:
    """As `record`; (server_id, member_id) of who did it."""
    member_id, server_id = await member_rows.keep(connection, place)
    values = {"server_id": server_id, "member_id": member_id, "action": action, "detail": detail, "created_at": now()}
    await connection.execute(insert(audit).values(values))
    return server_id, member_id


def _here(place: Place) -> tuple[Any, Any]:
    return servers.c.platform == place.platform, servers.c.external_id == place.server


def _from_row(row: Row[Any]) -> ServerSettings:
    values = {name: value for name, value in row._mapping.items() if name != "server_id"}
    return ServerSettings(**{**values, "channels": tuple(row.channels), "admin_roles": tuple(row.admin_roles)})
