"""The votes that a version may learn from, and the music of those tunes.

Deleted tunes are not learned from, nor any that began with what a member brought.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.column_types import LARGEST_ID
from bot.store.tables import members, prompts, tunes, votes
from model.retraining.protocol import TrainingExample, Vote

Position = tuple[int, int]  # of a vote in the order of pages: its tune and its member
START: Position = (LARGEST_ID, 0)
_DISCORD_EPOCH = 1_420_070_400.0  # Unix seconds, from which Discord's ids count milliseconds


async def page(connection: AsyncConnection, platforms: Collection[str], after: Position, limit: int) -> list[Vote]:
    """The next `limit` votes after `after` of members of these platforms, those on the newest tunes first."""
    tune, member = after
    behind = or_(votes.c.tune_id < tune, and_(votes.c.tune_id == tune, votes.c.member_id > member))
    query = _training(platforms).where(votes.c.tune_id <= tune, behind)
    rows = await connection.execute(query.order_by(votes.c.tune_id.desc(), votes.c.member_id).limit(limit))
    return [_vote(row) for row in rows]


async def count(connection: AsyncConnection, platforms: Collection[str], most: int, own: bool = False) -> int:
    """How many votes there are to learn from, with `own` also on a member's own tunes; no further than `most`."""
    query = _counted(platforms, own).limit(most).subquery()
    return int((await connection.execute(select(func.count()).select_from(query))).scalar_one())


async def tunes_by_kind(
    connection: AsyncConnection, platforms: Collection[str], most: int, own: bool = False
) -> tuple[int, int]:
    """How many tunes are liked, and disliked, by the newest `most` of the votes that `count` counts."""
    newest = _counted(platforms, own).order_by(votes.c.tune_id.desc()).limit(most).subquery()
    sums = select(func.sum(newest.c.value).label("sum")).group_by(newest.c.tune_id).subquery()
    liked, disliked = (func.count(case((condition, 1))) for condition in (sums.c.sum > 0, sums.c.sum < 0))
    row = (await connection.execute(select(liked, disliked).select_from(sums))).one()
    return row[0], row[1]


async def alone(connection: AsyncConnection, platforms: Collection[str]) -> bool:
    """Whether one member of these platforms, or none, has voted."""
    query = select(votes.c.member_id).join(members, votes.c.member_id == members.c.id)
    query = query.where(members.c.platform.in_(platforms)).distinct().limit(2)
    return len((await connection.execute(query)).all()) < 2


async def examples(connection: AsyncConnection, weights: Mapping[int, float]) -> list[TrainingExample]:
    """The tunes with these ids and weights, without those that are deleted, lowest id first."""
    query = select(tunes.c.id, tunes.c.abc, tunes.c.rhythm).where(tunes.c.id.in_(weights), tunes.c.deleted_at.is_(None))
    rows = await connection.execute(query.order_by(tunes.c.id))
    return [TrainingExample(row.id, row.abc, row.rhythm, weights[row.id]) for row in rows]


def _vote(row: Row[Any]) -> Vote:
    account_since = _account_since(row.platform, row.external_id)
    return Vote(row.tune_id, row.member_id, row.value, row.updated_at.timestamp(), account_since, row.own)


def _account_since(platform: str, external_id: str) -> float | None:
    """Unix seconds at which a member's Discord account was made, according to its id; None on other platforms."""
    if platform != "discord" or not external_id.isdigit():
        return None
    return (int(external_id) >> 22) / 1000 + _DISCORD_EPOCH


def _counted(platforms: Collection[str], own: bool) -> Select[Any]:
    query = _training(platforms)
    return query if own else query.where(votes.c.member_id != tunes.c.member_id)


def _training(platforms: Collection[str]) -> Select[Any]:
    return (
        select(
            votes.c.tune_id,
            votes.c.member_id,
            votes.c.value,
            votes.c.updated_at,
            members.c.platform,
            members.c.external_id,
            (votes.c.member_id == tunes.c.member_id).label("own"),
        )
        .join_from(votes, tunes, votes.c.tune_id == tunes.c.id)
        .join(members, votes.c.member_id == members.c.id)
        .join(prompts, tunes.c.prompt_id == prompts.c.id)
        .where(tunes.c.deleted_at.is_(None), members.c.platform.in_(platforms), ~prompts.c.brought)
    )
