"""Finds tunes by words of their titles, by their beginnings, and by key, rhythm, day and votes.

A word, or the steps between the first notes of a bar, is found by its beginning in an index table. Where few tunes have
it, their ids are taken from there; where many have it, tunes are gone through in the order that was asked for until
enough are found. So both take a few milliseconds, however many tunes there are.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.search import Order, Search
from bot.core.values import StoredTune
from bot.store.column_types import LARGEST_ID
from bot.store.search_terms import words
from bot.store.tables import incipits, title_words, tunes, votes
from bot.store.tunes import load_all

FEW = 3000  # tunes; statements may name so many


async def search(
    connection: AsyncConnection, server_id: int, viewer: int, wanted: Search, limit: int, offset: int = 0
) -> list[StoredTune]:
    """A server's tunes that are as `wanted`, in its order, from the `offset`-th on, with the viewer's votes."""
    query = select(tunes.c.id).where(tunes.c.server_id == server_id, tunes.c.deleted_at.is_(None))
    for condition in await _conditions(connection, viewer, wanted):
        query = query.where(condition)
    ids = list((await connection.execute(_ordered(query, wanted.order).limit(limit).offset(offset))).scalars())
    found = {tune.id: tune for tune in await load_all(connection, ids, viewer)}
    return [found[number] for number in ids if number in found]


def _ordered(query: Select[Any], order: Order) -> Select[Any]:
    if order is Order.BEST:
        return query.where(tunes.c.score > 0).order_by(tunes.c.score.desc(), tunes.c.id.desc())
    return query.order_by(tunes.c.id.desc())


async def _conditions(connection: AsyncConnection, viewer: int, wanted: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.key:
        found.append(tunes.c.key == wanted.key)
    if wanted.rhythm:
        found.append(tunes.c.rhythm == wanted.rhythm)
    if wanted.mine:
        found.append(tunes.c.member_id == viewer)
    if wanted.favourites:
        own = select(votes.c.tune_id).where(votes.c.member_id == viewer, votes.c.value == 1)
        found.append(tunes.c.id.in_(own))
    if wanted.since:
        found.append(tunes.c.id >= await _first_since(connection, wanted.since))
    if wanted.until:
        found.append(tunes.c.id < await _first_since(connection, wanted.until))
    found += [await _having(connection, title_words, [word]) for word in words(wanted.title)]
    if wanted.steps:
        found.append(await _having(connection, incipits, wanted.steps))
    return found


async def _having(connection: AsyncConnection, table: Table, beginnings: Sequence[str]) -> ColumnElement[bool]:
    """Tunes of which a row of `table` begins with one of these."""
    term = table.c.word if table is title_words else table.c.steps
    any_of = or_(*(and_(term >= each, term < each[:-1] + chr(ord(each[-1]) + 1)) for each in beginnings))
    few = list((await connection.execute(select(table.c.tune_id).where(any_of).limit(FEW + 1))).scalars())
    if len(few) <= FEW:
        return tunes.c.id.in_(set(few))
    return select(table.c.tune_id).where(table.c.tune_id == tunes.c.id, any_of).exists()


async def _first_since(connection: AsyncConnection, time: datetime) -> int:
    """The id of the first tune made at a time or later: ids are given in that order, so it is found by halving."""
    low, high = 0, LARGEST_ID
    last = (await connection.execute(select(tunes.c.id).order_by(tunes.c.id.desc()).limit(1))).scalar_one_or_none()
    high = min(high, (last or 0) + 1)
    while low < high:
        middle = (low + high) // 2
        query = select(tunes.c.created_at).where(tunes.c.id >= middle).order_by(tunes.c.id).limit(1)
        at = (await connection.execute(query)).scalar_one_or_none()
        if at is not None and at < time:
            low = middle + 1
        else:
            high = middle
    return low
