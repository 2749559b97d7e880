"""Versions: checkpoints by number. The one in use is the one that was chosen last."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import NotFound
from bot.core.values import Place, Version
from bot.store import audit
from bot.store.tables import now, prompts, tunes, versions, voted
from bot.store.upsert import insert_for, one_at_a_time

SHIPPED_NUMBER = 1  # the number of the checkpoint that comes with the bot, registered or not
_TICK = timedelta(microseconds=1)


async def add(
    connection: AsyncConnection,
    path: str,
    sha256: str,
    name: str,
    number: int | None = None,
    note: str = "",
    retraining_id: int | None = None,
) -> Version:
    """Register a checkpoint under `number`, or the next free one. A number that exists gets the new path and hash.

    The shipped checkpoint is number 1, registered at every start.
    """
    if number is None:
        await one_at_a_time(connection, versions)
        number = 1 + max(SHIPPED_NUMBER, (await connection.execute(select(func.max(versions.c.number)))).scalar() or 0)
    insert = insert_for(connection, versions).values(
        number=number, path=path, sha256=sha256, name=name, created_at=now(), note=note, retraining_id=retraining_id
    )
    changed = {column: insert.excluded[column] for column in ("path", "sha256", "name", "note")}
    statement = insert.on_conflict_do_update(index_elements=["number"], set_=changed)
    row = (await connection.execute(statement.returning(*versions.c))).one()
    return Version(**row._mapping)


async def load_all(connection: AsyncConnection) -> list[Version]:
    """Every version, in order of number."""
    rows = await connection.execute(select(versions).order_by(versions.c.number))
    return [Version(**row._mapping) for row in rows]


async def current(connection: AsyncConnection) -> int | None:
    """The number of the version in use: the one that was chosen last. None where none ever was."""
    query = select(versions.c.number).where(versions.c.chosen_at.is_not(None), versions.c.pruned_at.is_(None))
    query = query.order_by(versions.c.chosen_at.desc(), versions.c.number.desc()).limit(1)
    number: int | None = (await connection.execute(query)).scalar_one_or_none()
    return number


async def choose(connection: AsyncConnection, number: int, place: Place | None = None) -> Version:
    """Use a version from now on; the audit records the member of `place`. NotFound where it is unknown or pruned."""
    if place:
        await audit.add(connection, place, "rollback", f"to version {number}")
    latest = (await connection.execute(select(func.max(versions.c.chosen_at)))).scalar_one_or_none()
    time = now() if latest is None else max(now(), latest + _TICK)  # the clock may have been set back
    there = (versions.c.number == number) & versions.c.pruned_at.is_(None)
    statement = update(versions).where(there).values(chosen_at=time).returning(*versions.c)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(await _missing(connection, number))
    return Version(**row._mapping)


async def prune(connection: AsyncConnection, numbers: Collection[int]) -> list[Version]:
    """Mark versions as pruned, except for the shipped one and the one in use; those whose files may now be deleted."""
    spared = {SHIPPED_NUMBER, await current(connection)}
    wanted = versions.c.number.in_(set(numbers) - spared) & versions.c.pruned_at.is_(None)
    rows = await connection.execute(update(versions).where(wanted).values(pruned_at=now()).returning(*versions.c))
    return [Version(**row._mapping) for row in rows]


async def counts(connection: AsyncConnection) -> dict[int, tuple[int, int]]:
    """Up-votes and down-votes on the tunes of each version that has any."""
    number: ColumnElement[int] = func.coalesce(tunes.c.version, prompts.c.version)
    query = select(number, func.sum(tunes.c.up), func.sum(tunes.c.down))
    query = query.join_from(tunes, prompts, tunes.c.prompt_id == prompts.c.id).where(voted).group_by(number)
    return {row[0]: (int(row[1]), int(row[2])) for row in await connection.execute(query)}


async def _missing(connection: AsyncConnection, number: int) -> str:
    known = [version for version in await load_all(connection) if version.pruned_at is None]
    there = ", ".join(str(version.number) for version in known)
    if number in {version.number for version in await load_all(connection)}:
        return f"version {number} was pruned, so its file is gone: there are {there}"
    return f"there is no version {str(number)[:20]}: there are {there}"
