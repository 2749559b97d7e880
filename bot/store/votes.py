"""Votes, at most one of each member on a tune. The counts of the tune change in the same transaction."""

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import NotFound
from bot.core.values import StoredTune, Votes
from bot.store import leaderboards
from bot.store.leaderboards import Cast, wilson
from bot.store.tables import now, tunes, votes
from bot.store.tunes import load_all, missing
from bot.store.upsert import insert_for


async def cast(connection: AsyncConnection, tune_id: int, member_id: int, value: int) -> Votes:
    """Set a member's vote on a tune to 1 or -1, or withdraw it with 0. NotFound where the tune is unknown or deleted.

    The same vote again changes nothing, not even its time.
    """
    counts = select(tunes.c.up, tunes.c.down).where(tunes.c.id == tune_id, tunes.c.deleted_at.is_(None))
    tune = (await connection.execute(counts.with_for_update())).one_or_none()  # votes at the same time wait here
    if tune is None:
        raise NotFound(missing(tune_id))
    mine = select(votes.c.value, votes.c.updated_at)
    mine = mine.where(votes.c.tune_id == tune_id, votes.c.member_id == member_id)
    row = (await connection.execute(mine)).one_or_none()
    before, after = Cast(row.value, row.updated_at) if row else Cast(0, now()), Cast(value, now())
    if before.value == after.value:
        return Votes(tune.up, tune.down, value)
    await _write(connection, tune_id, member_id, after)
    up = tune.up + (value == 1) - (before.value == 1)
    down = tune.down + (value == -1) - (before.value == -1)
    changed = update(tunes).where(tunes.c.id == tune_id).values(up=up, down=down, score=wilson(up, down))
    await connection.execute(changed)
    await leaderboards.count(connection, tune_id, before, after)
    return Votes(up, down, value)


async def toggle(connection: AsyncConnection, tune_id: int, member_id: int, value: int) -> Votes:
    """As `cast`, but a value that the vote has already withdraws it, as a second click on the same button does."""
    await connection.execute(select(tunes.c.id).where(tunes.c.id == tune_id).with_for_update())
    current = select(votes.c.value).where(votes.c.tune_id == tune_id, votes.c.member_id == member_id)
    before = (await connection.execute(current)).scalar_one_or_none()
    return await cast(connection, tune_id, member_id, 0 if before == value else value)


async def _write(connection: AsyncConnection, tune_id: int, member_id: int, vote: Cast) -> None:
    if vote.value == 0:
        await connection.execute(delete(votes).where(votes.c.tune_id == tune_id, votes.c.member_id == member_id))
        return
    new = insert_for(connection, votes).values(
        tune_id=tune_id, member_id=member_id, value=vote.value, created_at=vote.at, updated_at=vote.at
    )
    changed = {"value": new.excluded.value, "updated_at": new.excluded.updated_at}
    await connection.execute(new.on_conflict_do_update(index_elements=["tune_id", "member_id"], set_=changed))


async def favourites(connection: AsyncConnection, member_id: int, server_id: int, limit: int = 50) -> list[StoredTune]:
    """The tunes that a member voted up, of a server or the member's own, without deleted ones, latest vote first."""
    query = select(tunes.c.id).join_from(votes, tunes, votes.c.tune_id == tunes.c.id)
    query = query.where(votes.c.member_id == member_id, votes.c.value == 1, tunes.c.deleted_at.is_(None))
    query = query.where(or_(tunes.c.server_id == server_id, tunes.c.member_id == member_id))
    rows = await connection.execute(query.order_by(votes.c.updated_at.desc(), tunes.c.id.desc()).limit(limit))
    ids = [row.id for row in rows]
    found = {tune.id: tune for tune in await load_all(connection, ids, member_id)}
    return [found[tune_id] for tune_id in ids if tune_id in found]
