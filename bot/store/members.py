"""Members and servers, known by their ids on a platform."""

from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import NotFound
from bot.core.values import Place
from bot.store.tables import members, now, servers
from bot.store.upsert import insert_for


async def find(connection: AsyncConnection, place: Place) -> tuple[int, int] | None:
    """(member_id, server_id) of a place whose rows need no change; None where `register` has something to write."""
    query = (
        select(members.c.id, members.c.name, servers.c.id)
        .join_from(members, servers, members.c.platform == servers.c.platform)
        .where(members.c.platform == place.platform)
        .where(members.c.external_id == place.member, servers.c.external_id == place.server)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None or row[1] != (place.member_name or row[1]):
        return None
    return row[0], row[2]


async def external_id(connection: AsyncConnection, member_id: int) -> str:
    """A member's id on its own platform. NotFound where it is not registered."""
    found = (
        await connection.execute(select(members.c.external_id).where(members.c.id == member_id))
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(f"there is no member {member_id}")
    return str(found)


async def register(connection: AsyncConnection, place: Place) -> tuple[int, int]:
    """(member_id, server_id) of a place, registered where it is new; a member's new name replaces the old one."""
    member_id = await _upsert(connection, members, place.platform, place.member, place.member_name)
    return member_id, await _upsert(connection, servers, place.platform, place.server, "")


async def set_left(connection: AsyncConnection, platform: str, server: str, left: bool) -> None:
    """Store that the bot left a server just now, or is there again; nothing where the server is not registered."""
    there = (servers.c.platform == platform) & (servers.c.external_id == server)
    await connection.execute(update(servers).where(there).values(left_at=now() if left else None))


async def left(connection: AsyncConnection, platform: str) -> list[str]:
    """The servers of a platform, by its ids, that the bot has left."""
    query = select(servers.c.external_id).where(servers.c.platform == platform, servers.c.left_at.is_not(None))
    return list((await connection.execute(query)).scalars())


def here(place: Place) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions that select a place's server."""
    return servers.c.platform == place.platform, servers.c.external_id == place.server


async def _upsert(connection: AsyncConnection, table: Table, platform: str, external_id: str, name: str) -> int:
    values = {"platform": platform, "external_id": external_id, "name": name, "created_at": now()}
    insert = insert_for(connection, table).values(values)
    statement = insert.on_conflict_do_update(
        index_elements=["platform", "external_id"],
        set_={"name": insert.excluded.name if name else table.c.name},  # an update also where nothing changes: its id
    )
    row_id: int = (await connection.execute(statement.returning(table.c.id))).scalar_one()
    return row_id
