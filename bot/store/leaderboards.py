"""Leaderboards: the best tunes by the votes of a period. Counts are kept with each vote, so no query has to count.

A tune's score is the lower bound of the Wilson score interval for the share of up-votes, at 95%: E. B. Wilson,
"Probable Inference, the Law of Succession, and Statistical Inference", Journal of the American Statistical Association
22 (1927), 209-212. One vote of one is 0.21, ten of ten 0.72, ninety of a hundred 0.83: few votes do not win.
"""

import math
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import Leader, Period
from bot.store.tables import leaderboards, now, tunes
from bot.store.tunes import load_all
from bot.store.upsert import insert_for

Z = 1.959963984540054  # of 95%, two-sided
PRUNED_AT_ONCE = 8  # rows of past periods that are deleted with each vote, which adds three at most
_KEY = tuple_(leaderboards.c.period, leaderboards.c.began, leaderboards.c.tune_id)


def wilson(up: int, down: int) -> float:
    """The lower bound of the share of up-votes, 0 to 1; 0 without an up-vote."""
    if not up:
        return 0.0
    votes = up + down
    share, square = up / votes, Z * Z / votes
    spread = Z * math.sqrt(share * (1 - share) / votes + square / (4 * votes))
    return (share + square / 2 - spread) / (1 + square)


class Cast(NamedTuple):
    """A member's vote on a tune: 1, -1, or 0 for none, and when it was cast."""

    value: int
    at: datetime


async def count(connection: AsyncConnection, tune_id: int, before: Cast, after: Cast) -> None:
    """Count a vote in the current periods, in place of the member's earlier one; prune some rows of past periods."""
    time = now()
    began = {period: period.began(time) for period in Period if period is not Period.ALL}
    changes = {period: _change(before, after, period, since) for period, since in began.items() if since}
    old = {row.period: row for row in await connection.execute(select(leaderboards).where(_current(tune_id, time)))}
    where = (await connection.execute(select(tunes.c.server_id, tunes.c.rhythm).where(tunes.c.id == tune_id))).one()
    rows = []
    for period, (up, down) in changes.items():
        row = old.get(period.value)
        up, down = up + (row.up if row else 0), down + (row.down if row else 0)
        counts = {"up": up, "down": down, "score": wilson(up, down)}
        rows.append({"period": period.value, "began": began[period], "tune_id": tune_id, **where._mapping, **counts})
    insert = insert_for(connection, leaderboards).values(rows)
    changed = {name: insert.excluded[name] for name in ("up", "down", "score")}
    await connection.execute(insert.on_conflict_do_update(index_elements=["period", "began", "tune_id"], set_=changed))
    await _prune(connection, time)


async def _prune(connection: AsyncConnection, time: datetime) -> None:
    """Delete some rows of periods that are over."""
    row = leaderboards.c
    began = {period: period.began(time) for period in Period if period is not Period.ALL}
    past = or_(*(and_(row.period == period.value, row.began < since) for period, since in began.items()))
    # votes at the same time prune other rows: two transactions that wait for each other's rows would be a deadlock
    old_keys = select(*_KEY.clauses).where(past).limit(PRUNED_AT_ONCE).with_for_update(skip_locked=True)
    await connection.execute(delete(leaderboards).where(_KEY.in_(old_keys)))


def _change(before: Cast, after: Cast, period: Period, since: date) -> tuple[int, int]:
    """What to add to the up-votes and down-votes of the period that began at `since`."""
    old = before.value if period.began(before.at) == since else 0
    new = after.value if period.began(after.at) == since else 0
    return (new == 1) - (old == 1), (new == -1) - (old == -1)


async def remove(connection: AsyncConnection, tune_id: int) -> None:
    """Take a deleted tune off the current leaderboards."""
    await connection.execute(delete(leaderboards).where(_current(tune_id, now())))


def _current(tune_id: int, time: datetime) -> ColumnElement[bool]:
    """The rows of a tune in the periods that contain `time`. Spelled out: for a list of keys SQLite scans the table."""
    keys = [(period.value, period.began(time)) for period in Period if period is not Period.ALL]
    row = leaderboards.c
    return or_(*(and_(row.period == name, row.began == day, row.tune_id == tune_id) for name, day in keys))


async def top(
    connection: AsyncConnection,
    server_id: int,
    viewer: int,
    period: Period = Period.ALL,
    rhythm: str | None = None,
    limit: int = 10,
) -> list[Leader]:
    """A server's best tunes (of one rhythm) by the votes cast in a period, with the viewer's votes.

    Tunes without an up-vote are left out; among equal scores the newest is first.
    """
    leaders = _all_time(server_id) if period is Period.ALL else _of_period(server_id, period)
    table = tunes if period is Period.ALL else leaderboards
    if rhythm is not None:
        leaders = leaders.where(table.c.rhythm == rhythm)
    rows = (await connection.execute(leaders.limit(limit))).all()
    found = {tune.id: tune for tune in await load_all(connection, [row.id for row in rows], viewer)}
    return [Leader(found[row.id], row.up, row.down) for row in rows if row.id in found]


def _all_time(server_id: int) -> Select[Any]:
    leaders = select(tunes.c.id, tunes.c.up, tunes.c.down)
    leaders = leaders.where(tunes.c.server_id == server_id, tunes.c.score > 0, tunes.c.deleted_at.is_(None))
    return leaders.order_by(tunes.c.score.desc(), tunes.c.id.desc())


def _of_period(server_id: int, period: Period) -> Select[Any]:
    leaders = select(leaderboards.c.tune_id.label("id"), leaderboards.c.up, leaderboards.c.down)
    leaders = leaders.where(leaderboards.c.server_id == server_id, leaderboards.c.period == period.value)
    leaders = leaders.where(leaderboards.c.began == period.began(now()), leaderboards.c.score > 0)
    return leaders.order_by(leaderboards.c.score.desc(), leaderboards.c.tune_id.desc())
