"""All that the database has of one member."""

from typing import Any

from sqlalchemy import Select, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import KnownMember
from bot.store.tables import audit, blocked, members, prompts, retrainings, servers, tunes, versions, votes

OF_MEMBERS = (prompts, tunes, votes, retrainings, audit, blocked)  # tables with rows of a member
_INTERNAL = {"member_id", "bot", "leased_until", "runner", "seen_at", "report", "progress"}  # ids and states of ours


async def find(connection: AsyncConnection, external_id: str, platform: str | None = None) -> list[KnownMember]:
    """Those with this id on their platform; more than one only where several platforms have it."""
    query = select(members).where(members.c.external_id == external_id, members.c.platform != "nobody")
    query = query.where(members.c.platform == platform) if platform else query
    return [_known(row) for row in await connection.execute(query.order_by(members.c.platform))]


async def named(connection: AsyncConnection, name: str, limit: int = 5) -> list[KnownMember]:
    """Members of this name."""
    query = select(members).where(members.c.name == name).order_by(members.c.id).limit(limit)
    return [_known(row) for row in await connection.execute(query)]


async def counts(connection: AsyncConnection, member_id: int) -> dict[str, int]:
    """Table -> how many of its rows are the member's."""
    found = {}
    for table in OF_MEMBERS:
        query = select(func.count()).select_from(table).where(table.c.member_id == member_id)
        found[table.name] = int((await connection.execute(query)).scalar_one())
    return found


async def everything(connection: AsyncConnection, member_id: int) -> dict[str, list[dict[str, Any]]]:
    """Table -> the member's rows, oldest first, by the names of the columns."""
    own = select(members.c.platform, members.c.external_id, members.c.name, members.c.created_at)
    found = {"members": await _rows(connection, own.where(members.c.id == member_id))}
    for table in OF_MEMBERS:
        found[table.name] = await _rows(connection, _of(table, member_id))
    return found


async def learned_from(connection: AsyncConnection, member_id: int) -> list[int]:
    """The versions that learned from votes of a member that still stand, themselves or in the version they copy."""
    there = or_(tunes.c.deleted_at.is_(None), tunes.c.deleted_at > retrainings.c.started_at)
    voted = select(votes.c.tune_id).join_from(votes, tunes, votes.c.tune_id == tunes.c.id)
    voted = voted.where(votes.c.member_id == member_id, votes.c.created_at < retrainings.c.started_at, there)
    made = and_(versions.c.retraining_id == retrainings.c.id, versions.c.retraining_id.is_not(None))
    query = select(versions.c.number, retrainings.c.base_version, voted.exists().label("voted"))
    rows = await connection.execute(query.join_from(versions, retrainings, made).order_by(versions.c.number))
    found: list[int] = []
    for number, base, learned in rows:  # a version comes after the one that it is a copy of
        if learned or base in found:
            found.append(number)
    return found


def _of(table: Table, member_id: int) -> Select[Any]:
    columns = [column for column in table.c if column.name not in _INTERNAL]
    query = select(*columns).where(table.c.member_id == member_id).order_by(*table.primary_key.columns)
    if "server_id" in table.c:
        query = query.add_columns(servers.c.external_id.label("server")).join(
            servers, table.c.server_id == servers.c.id
        )
    return query


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in await connection.execute(query)]


def _known(row: Any) -> KnownMember:
    return KnownMember(row.id, row.platform, row.external_id, row.name)
