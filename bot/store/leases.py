"""Which bot has a prompt. On a server each is leased, by its clock; an SQLite file has one bot, by its lock."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import prompts as prompt_rows
from bot.store.tables import members, now, prompts
from bot.values import StoredPrompt


@dataclass(frozen=True)
class Lease:
    """A bot, and for how many seconds others respect what it has after it was last heard of."""

    bot: str
    seconds: float

    def values(self, connection: AsyncConnection) -> dict[str, Any]:
        """What a prompt's row says from now on."""
        return {"bot": self.bot, "leased_until": _clock(connection) + timedelta(seconds=self.seconds)}


async def take(
    connection: AsyncConnection, lease: Lease, platforms: Collection[str], limit: int | None, mine: bool
) -> list[StoredPrompt]:
    """Have prompts that are not done and nobody's, oldest first; with `mine` also those that are this bot's already.

    Two bots never take the same one: each passes over what the other is just taking.
    """
    free = select(prompts.c.id).join_from(prompts, members, prompts.c.member_id == members.c.id)
    free = free.where(prompts.c.state.in_(prompt_rows.UNFINISHED), members.c.platform.in_(platforms))
    free = free.where(_free(connection, lease, mine)).order_by(prompts.c.id).limit(limit)
    ids = (await connection.execute(free.with_for_update(of=prompts, skip_locked=True))).scalars().all()
    await connection.execute(update(prompts).where(prompts.c.id.in_(ids)).values(lease.values(connection)))
    return await prompt_rows.load_all(connection, ids)


async def renew(connection: AsyncConnection, lease: Lease) -> set[int]:
    """Keep what this bot has of prompts that are not done: their ids."""
    mine = update(prompts).where(prompts.c.bot == lease.bot, prompts.c.state.in_(prompt_rows.UNFINISHED))
    return set((await connection.execute(mine.values(lease.values(connection)).returning(prompts.c.id))).scalars())


async def release(connection: AsyncConnection, lease: Lease) -> None:
    """Let others go on with what this bot has not done."""
    mine = update(prompts).where(prompts.c.bot == lease.bot, prompts.c.state.in_(prompt_rows.UNFINISHED))
    await connection.execute(mine.values(bot=None, leased_until=None))


def _free(connection: AsyncConnection, lease: Lease, mine: bool) -> ColumnElement[bool]:
    if not _is_server(connection):
        return true() if mine else or_(prompts.c.bot.is_(None), prompts.c.bot != lease.bot)
    nobodys = or_(prompts.c.bot.is_(None), prompts.c.leased_until < _clock(connection))
    return or_(nobodys, prompts.c.bot == lease.bot) if mine else nobodys & prompts.c.bot.is_distinct_from(lease.bot)


def _clock(connection: AsyncConnection) -> Any:
    return func.clock_timestamp() if _is_server(connection) else now()


def _is_server(connection: AsyncConnection) -> bool:
    return connection.dialect.name == "postgresql"
