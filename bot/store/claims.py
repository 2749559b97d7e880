"""Claims on prompts. On PostgreSQL each has a lease; an SQLite file has a single bot, which its lock ensures."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import StoredPrompt
from bot.store.lease import Lease, clock, is_server
from bot.store.prompts import UNDELIVERED, UNFINISHED, load_all
from bot.store.tables import members, prompts

_UNFINISHED = prompts.c.state.in_(UNFINISHED)


async def claim(
    connection: AsyncConnection, lease: Lease, platforms: Collection[str], limit: int | None = None, own: bool = True
) -> list[StoredPrompt]:
    """Claim unfinished prompts of these platforms that no other bot has, oldest first; with `own` this bot's as well.

    Two bots never claim the same one: each skips the rows that the other is just claiming.
    """
    return await _claim(connection, lease, platforms, _UNFINISHED, limit, own)


async def claim_undelivered(
    connection: AsyncConnection, lease: Lease, platforms: Collection[str], own: bool = True
) -> list[StoredPrompt]:
    """Claim prompts in a final state that their message does not show yet, as `claim` does."""
    return await _claim(connection, lease, platforms, UNDELIVERED, None, own)


async def claim_delivery(connection: AsyncConnection, lease: Lease, prompt_id: int) -> bool:
    """Claim the delivery of one such prompt; False where it was delivered, or another living bot has claimed it."""
    mine = update(prompts).where(prompts.c.id == prompt_id, UNDELIVERED, _unclaimed(connection, lease, True))
    return (await connection.execute(mine.values(lease.values(connection)))).rowcount == 1


async def renew(connection: AsyncConnection, lease: Lease) -> set[int]:
    """Renew this bot's claims, to be called within each lease; the ids of its prompts that are unfinished."""
    undelivered = update(prompts).where(prompts.c.bot == lease.bot, UNDELIVERED)
    await connection.execute(undelivered.values(lease.values(connection)))
    unfinished = update(prompts).where(prompts.c.bot == lease.bot, _UNFINISHED)
    renewed = unfinished.values(lease.values(connection)).returning(prompts.c.id)
    return set((await connection.execute(renewed)).scalars())


async def release(connection: AsyncConnection, lease: Lease) -> None:
    """Give up this bot's claims, so that other bots go on at once."""
    for left in (_UNFINISHED, UNDELIVERED):
        mine = update(prompts).where(prompts.c.bot == lease.bot, left)
        await connection.execute(mine.values(bot=None, leased_until=None))


async def _claim(
    connection: AsyncConnection,
    lease: Lease,
    platforms: Collection[str],
    which: ColumnElement[bool],
    limit: int | None,
    own: bool,
) -> list[StoredPrompt]:
    free = select(prompts.c.id).join_from(prompts, members, prompts.c.member_id == members.c.id)
    free = free.where(which, members.c.platform.in_(platforms), _unclaimed(connection, lease, own))
    free = free.order_by(prompts.c.id).limit(limit)
    ids = (await connection.execute(free.with_for_update(of=prompts, skip_locked=True))).scalars().all()
    await connection.execute(update(prompts).where(prompts.c.id.in_(ids)).values(lease.values(connection)))
    return await load_all(connection, ids)


def _unclaimed(connection: AsyncConnection, lease: Lease, own: bool) -> ColumnElement[bool]:
    if not is_server(connection):
        return true() if own else or_(prompts.c.bot.is_(None), prompts.c.bot != lease.bot)
    expired = or_(prompts.c.bot.is_(None), prompts.c.leased_until < clock(connection))
    return or_(expired, prompts.c.bot == lease.bot) if own else expired & prompts.c.bot.is_distinct_from(lease.bot)
