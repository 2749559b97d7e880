"""What the admins of a server chose."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import Place, ServerSettings
from bot.store import audit
from bot.store.members import here
from bot.store.tables import server_settings, servers
from bot.store.upsert import insert_for


async def load(connection: AsyncConnection, place: Place) -> ServerSettings:
    """The settings of a place's server; empty where nothing was chosen, or the server is unknown."""
    query = select(server_settings).join_from(server_settings, servers, server_settings.c.server_id == servers.c.id)
    row = (await connection.execute(query.where(*here(place)))).one_or_none()
    return _from_row(row) if row else ServerSettings()


async def change(connection: AsyncConnection, place: Place, changes: Mapping[str, Any], detail: str) -> ServerSettings:
    """Change fields of a server's settings; the audit records the member of `place`, with `detail`."""
    settings = replace(await load(connection, place), **changes)
    _, server_id = await audit.add(connection, place, "settings", detail)
    values = {"server_id": server_id, **asdict(settings)}
    values |= {name: list(values[name]) for name in ("channels", "admin_roles")}
    new = insert_for(connection, server_settings).values(values)
    changed = {name: new.excluded[name] for name in values if name != "server_id"}
    await connection.execute(new.on_conflict_do_update(index_elements=["server_id"], set_=changed))
    return settings


def _from_row(row: Row[Any]) -> ServerSettings:
    values = {name: value for name, value in row._mapping.items() if name != "server_id"}
    return ServerSettings(**{**values, "channels": tuple(row.channels), "admin_roles": tuple(row.admin_roles)})
