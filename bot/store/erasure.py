"""Erases what members, deleted tunes and servers that the bot left have in the database.

What others still need is kept as nobody's: one member and one server of the platform `nobody` stand for all that were
erased.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import Place, State
from bot.store.leaderboards import wilson
from bot.store.members import register
from bot.store.prompts import UNFINISHED
from bot.store.tables import (
    audit,
    blocked,
    incipits,
    leaderboards,
    members,
    now,
    prompts,
    retrainings,
    server_settings,
    servers,
    title_words,
    tunes,
    votes,
)

NOBODY = Place("nobody", "nobody", "nobody")
AT_ONCE = 500  # tunes in one statement
_NO_TEXT = {"opening": "", "vary": "", "error": "", "channel_id": None, "message_id": None}


@dataclass(frozen=True)
class Erased:
    """How many rows of a member were erased, and how many of its tunes are nobody's now."""

    votes: int
    prompts: int
    tunes: int
    kept_tunes: int


async def forget(connection: AsyncConnection, member_id: int, keep_tunes: bool) -> Erased:
    """Erase a member: its votes, its prompts' texts and messages, its id and name; and its tunes, or their maker.

    A tune that begins with what the member brought is erased in any case, and so is what others made of it.
    """
    nobody, nowhere = await register(connection, NOBODY)
    mine = prompts.c.member_id == member_id
    withdrawn = await _withdraw_all(connection, member_id)
    asked = (await connection.execute(select(func.count()).select_from(prompts).where(mine))).scalar_one()
    gone = await _of_member(connection, member_id, keep_tunes)
    conversations = await _conversations(connection, mine)
    await erase_tunes(connection, gone)
    await _end(connection, mine)
    kept = await connection.execute(update(tunes).where(tunes.c.member_id == member_id).values(member_id=nobody))
    await _empty_prompts(connection, mine)
    for server_id in conversations:
        await _leave(connection, server_id, mine, nowhere)
    await connection.execute(update(prompts).where(mine).values(member_id=nobody, **_NO_TEXT))
    silent = {"member_id": nobody, "channel_id": None, "message_id": None}
    await connection.execute(update(retrainings).where(retrainings.c.member_id == member_id).values(silent))
    whose = (
        blocked.c.member_id == member_id
    )  # what is like their tunes may be given again: those may have their openings
    await connection.execute(delete(blocked).where(whose, blocked.c.abc != ""))
    await connection.execute(update(blocked).where(whose).values(member_id=nobody))
    own = audit.c.member_id == member_id
    await connection.execute(
        delete(audit).where(own, audit.c.action == "report")
    )  # it may give the reason in their words
    await connection.execute(update(audit).where(own).values(member_id=nobody))
    await connection.execute(delete(members).where(members.c.id == member_id))
    return Erased(withdrawn, asked, len(gone), kept.rowcount)


async def purge(connection: AsyncConnection, before: datetime) -> int:
    """Erase tunes that were deleted before a time, and servers that the bot left before it; how many of both."""
    old = select(tunes.c.id).where(tunes.c.deleted_at < before)
    gone = list((await connection.execute(old)).scalars())
    prompt_ids = await _prompts_of(connection, gone)
    await erase_tunes(connection, gone)
    for ids in _parts(prompt_ids):
        await _empty_prompts(connection, prompts.c.id.in_(ids))
    left = list((await connection.execute(select(servers.c.id).where(servers.c.left_at < before))).scalars())
    for server_id in left:
        await _erase_server(connection, server_id)
    return len(gone) + len(left)


async def erase_tunes(connection: AsyncConnection, tune_ids: Collection[int]) -> None:
    """Erase tunes with their votes; prompts that vary them lose the text that they have of them."""
    for ids in _parts(tune_ids):
        for table in (votes, leaderboards, title_words, incipits):
            await connection.execute(delete(table).where(table.c.tune_id.in_(ids)))
        varied = prompts.c.varied_from.in_(ids)
        await _end(connection, varied)
        await connection.execute(update(prompts).where(varied).values(varied_from=None, opening="", vary=""))
        await connection.execute(delete(tunes).where(tunes.c.id.in_(ids)))


async def _of_member(connection: AsyncConnection, member_id: int, keep: bool) -> list[int]:
    """The member's tunes that are to go: all, or with `keep` the deleted ones and those with what the member brought.

    With the latter go all variations of them, whoever asked for those.
    """
    query = select(tunes.c.id).join_from(tunes, prompts, tunes.c.prompt_id == prompts.c.id)
    own = tunes.c.member_id == member_id
    written = prompts.c.brought & prompts.c.varied_from.is_(None)
    brought = set((await connection.execute(query.where(own, written))).scalars())
    fresh = brought
    while fresh:
        ids, found = list(fresh), set()
        for part in _parts(ids):
            found |= set((await connection.execute(query.where(prompts.c.varied_from.in_(part)))).scalars())
        fresh = found - brought
        brought = brought | fresh
    others = query.where(own, tunes.c.deleted_at.is_not(None)) if keep else query.where(own)
    return sorted(brought | set((await connection.execute(others)).scalars()))


async def _withdraw_all(connection: AsyncConnection, member_id: int) -> int:
    """Take a member's votes out of every count; how many there were."""
    mine = select(votes.c.tune_id, votes.c.value).where(votes.c.member_id == member_id)
    cast = {row.tune_id: row.value for row in await connection.execute(mine)}
    for ids in _parts(cast):
        await connection.execute(delete(votes).where(votes.c.member_id == member_id, votes.c.tune_id.in_(ids)))
        await _recount(connection, ids)
    return len(cast)


async def _recount(connection: AsyncConnection, ids: Collection[int]) -> None:
    """Count the votes on tunes anew: all of them, and on the leaderboards those since each period began."""
    await _store_counts(connection, tunes, [{"tune": each} for each in ids], await _counted(connection, ids))
    keys = select(leaderboards.c.period, leaderboards.c.began, leaderboards.c.tune_id).where(
        leaderboards.c.tune_id.in_(ids)
    )
    boards: dict[tuple[str, date], list[int]] = {}
    for row in await connection.execute(keys):
        boards.setdefault((row.period, row.began), []).append(row.tune_id)
    for (period, began), on_it in boards.items():
        where = [{"tune": each, "its_period": period, "its_began": began} for each in on_it]
        await _store_counts(connection, leaderboards, where, await _counted(connection, on_it, began))


async def _counted(
    connection: AsyncConnection, ids: Collection[int], since: date = date.min
) -> dict[int, tuple[int, int]]:
    """Tune -> its votes up and down since a day, of those that have any."""
    up, down = (func.count().filter(votes.c.value == value) for value in (1, -1))
    query = select(votes.c.tune_id, up, down).where(votes.c.tune_id.in_(ids)).group_by(votes.c.tune_id)
    if since > date.min:
        query = query.where(votes.c.updated_at >= datetime.combine(since, time(), UTC))
    return {row[0]: (row[1], row[2]) for row in await connection.execute(query)}


async def _store_counts(
    connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]], counts: Mapping[int, tuple[int, int]]
) -> None:
    if not rows:
        return
    where = (table.c.id if table is tunes else table.c.tune_id) == bindparam("tune")
    if table is leaderboards:
        where &= (table.c.period == bindparam("its_period")) & (table.c.began == bindparam("its_began"))
    names = ("up", "down", "score")
    statement = update(table).where(where).values({name: bindparam(f"new_{name}") for name in names})
    news = [(*counts.get(row["tune"], (0, 0)),) for row in rows]
    values = [{"new_up": up, "new_down": down, "new_score": wilson(up, down)} for up, down in news]
    await connection.execute(statement, [row | value for row, value in zip(rows, values, strict=True)])


async def _end(connection: AsyncConnection, where: ColumnElement[bool]) -> None:
    """Cancel prompts that are not done: whoever works on them finds it out, and stores nothing."""
    ended = {"state": State.CANCELLED.value, "finished_at": now(), "error": "what it was about was erased"}
    await connection.execute(update(prompts).where(where, prompts.c.state.in_(UNFINISHED)).values(ended))


async def _empty_prompts(connection: AsyncConnection, where: ColumnElement[bool]) -> None:
    """Erase those of these prompts that have an end, and no tunes."""
    has_tunes = select(tunes.c.id).where(tunes.c.prompt_id == prompts.c.id).exists()
    ended = prompts.c.state.in_([State.DONE.value, State.FAILED.value])
    await connection.execute(delete(prompts).where(where, ended, ~has_tunes))


async def _conversations(connection: AsyncConnection, mine: ColumnElement[bool]) -> list[int]:
    """The direct conversations in which a member asked; their ids are those of channels."""
    query = select(prompts.c.server_id).join(servers, prompts.c.server_id == servers.c.id)
    found = await connection.execute(query.where(mine, servers.c.external_id.like("@%")).distinct())
    return list(found.scalars())


async def _leave(connection: AsyncConnection, server_id: int, mine: ColumnElement[bool], nowhere: int) -> None:
    """Take a member's prompts and tunes out of a conversation, and erase that where nobody else asked in it."""
    there = mine & (prompts.c.server_id == server_id)
    ids = select(tunes.c.id).join_from(tunes, prompts, tunes.c.prompt_id == prompts.c.id).where(there)
    await connection.execute(update(leaderboards).where(leaderboards.c.tune_id.in_(ids)).values(server_id=nowhere))
    await connection.execute(update(tunes).where(tunes.c.id.in_(ids)).values(server_id=nowhere))
    await connection.execute(update(prompts).where(there).values(server_id=nowhere))
    others = select(prompts.c.id).where(prompts.c.server_id == server_id).limit(1)
    if (await connection.execute(others)).first() is None:
        await _erase_server(connection, server_id)


async def _erase_server(connection: AsyncConnection, server_id: int) -> None:
    """Erase a server with its tunes, prompts, settings and records; and members of whom nothing else is left."""
    _, nowhere = await register(connection, NOBODY)
    here = list((await connection.execute(select(tunes.c.id).where(tunes.c.server_id == server_id))).scalars())
    there = prompts.c.server_id == server_id
    known = set((await connection.execute(select(prompts.c.member_id).where(there).distinct())).scalars())
    voters = select(votes.c.member_id).join_from(votes, tunes, votes.c.tune_id == tunes.c.id)
    known |= set((await connection.execute(voters.where(tunes.c.server_id == server_id).distinct())).scalars())
    await erase_tunes(connection, here)
    await _end(connection, there)
    await connection.execute(delete(prompts).where(there))
    for table in (server_settings, audit, blocked):
        await connection.execute(delete(table).where(table.c.server_id == server_id))
    silent = {"server_id": nowhere, "channel_id": None, "message_id": None}
    await connection.execute(update(retrainings).where(retrainings.c.server_id == server_id).values(silent))
    await connection.execute(delete(servers).where(servers.c.id == server_id))
    for ids in _parts(known):
        await connection.execute(delete(members).where(members.c.id.in_(ids), _unknown_elsewhere()))


def _unknown_elsewhere() -> ColumnElement[bool]:
    """Members to whom nothing refers."""
    refer: list[Select[Any]] = [
        select(table.c.member_id).where(table.c.member_id == members.c.id)
        for table in (prompts, tunes, votes, retrainings, audit, blocked)
    ]
    return ~or_(*(query.exists() for query in refer))


async def _prompts_of(connection: AsyncConnection, tune_ids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for ids in _parts(tune_ids):
        found |= set((await connection.execute(select(tunes.c.prompt_id).where(tunes.c.id.in_(ids)))).scalars())
    return found


def _parts(ids: Collection[int]) -> list[list[int]]:
    """Ids in lists that one statement can hold."""
    ordered = sorted(ids)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
