"""Which bot has a prompt. On a server each is leased, by its clock; an SQLite file has one bot, by its lock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import StoredPrompt
from bot.store import prompts as prompt_rows
from bot.store.tables import members, now, prompts

_UNFINISHED = prompts.c.state.in_(prompt_rows.UNFINISHED)


@dataclass(frozen=True)
class Lease:
    """A bot, and for how many seconds others respect what it has after it was last heard of."""

    bot: str
    seconds: float

    def values(self, connection: AsyncConnection) -> dict[str, Any]:
        """What a prompt's row says from now on."""
        return {"bot": self.bot, "leased_until": clock(connection) + timedelta(seconds=self.seconds)}


async def take(
    connection: AsyncConnection, lease: Lease, platforms: Collection[str], limit: int | None, mine: bool
) -> list[StoredPrompt]:
    """Have prompts that are not done and nobody's, oldest first; with `mine` also those that are this bot's already.

    Two bots never take the same one: each passes over what the other is just taking.
    """
    return await _take(connection, lease, platforms, _UNFINISHED, limit, mine)


async def take_undelivered(
    connection: AsyncConnection, lease: Lease, platforms: Collection[str], mine: bool
) -> list[StoredPrompt]:
    """The same of prompts in a final state that their message does not show yet."""
    return await _take(connection, lease, platforms, prompt_rows.UNDELIVERED, None, mine)


async def delivers(connection: AsyncConnection, lease: Lease, prompt_id: int) -> bool:
    """Have the delivery of one such prompt; False where it was delivered, or is another living bot's."""
    mine = update(prompts).where(prompts.c.id == prompt_id, prompt_rows.UNDELIVERED, _free(connection, lease, True))
    return (await connection.execute(mine.values(lease.values(connection)))).rowcount == 1


async def renew(connection: AsyncConnection, lease: Lease) -> set[int]:
    """Keep what this bot has to do or to deliver: the ids of prompts that are not done."""
    owed = update(prompts).where(prompts.c.bot == lease.bot, prompt_rows.UNDELIVERED)
    await connection.execute(owed.values(lease.values(connection)))
    mine = update(prompts).where(prompts.c.bot == lease.bot, _UNFINISHED)
    return set((await connection.execute(mine.values(lease.values(connection)).returning(prompts.c.id))).scalars())


async def release(connection: AsyncConnection, lease: Lease) -> None:
    """Let others go on with what this bot has not done or not delivered."""
    for left in (_UNFINISHED, prompt_rows.UNDELIVERED):
        mine = update(prompts).where(prompts.c.bot == lease.bot, left)
        await connection.execute(mine.values(bot=None, leased_until=None))


async def _take(
    connection: AsyncConnection,
    lease: Lease,
    platforms: Collection[str],
    which: ColumnElement[bool],
    limit: int | None,
    mine: bool,
) -> list[StoredPrompt]:
    free = select(prompts.c.id).join_from(prompts, members, prompts.c.member_id == members.c.id)
    free = free.where(which, members.c.platform.in_(platforms), _free(connection, lease, mine))
    free = free.order_by(prompts.c.id).limit(limit)
    ids = (await connection.execute(free.with_for_update(of=prompts, skip_locked=True))).scalars().all()
    await connection.execute(update(prompts).where(prompts.c.id.in_(ids)).values(lease.values(connection)))
    return await prompt_rows.load_all(connection, ids)


def _free(connection: AsyncConnection, lease: Lease, mine: bool) -> ColumnElement[bool]:
    if not is_server(connection):
        return true() if mine else or_(prompts.c.bot.is_(None), prompts.c.bot != lease.bot)
    nobodys = or_(prompts.c.bot.is_(None), prompts.c.leased_until < clock(connection))
    return or_(nobodys, prompts.c.bot == lease.bot) if mine else nobodys & prompts.c.bot.is_distinct_from(lease.bot)


def clock(connection: AsyncConnection) -> Any:
    """The present by the one clock that all bots on the database go by."""
    return func.clock_timestamp() if is_server(connection) else now()


def is_server(connection: AsyncConnection) -> bool:
    """Whether several bots may work on the database."""
    return connection.dialect.name == "postgresql"
