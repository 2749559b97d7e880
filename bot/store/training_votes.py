"""Ballots: the votes that a version may learn from, on tunes of any version that are not deleted."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.retraining import Ballot
from bot.store.tables import LARGEST_ID, members, tunes, votes

Place = tuple[int, int]  # of a vote: its tune and its member
FIRST: Place = (LARGEST_ID, 0)


class TrainingExample(NamedTuple):
    """A voted tune as the trainer wants it."""

    id: int
    abc: str
    rhythm: str


async def page(connection: AsyncConnection, platforms: Collection[str], after: Place, limit: int) -> list[Ballot]:
    """Votes of members of these platforms that come behind `after`, those on the newest tunes first."""
    tune, member = after
    behind = or_(votes.c.tune_id < tune, and_(votes.c.tune_id == tune, votes.c.member_id > member))
    query = _training(platforms).where(votes.c.tune_id <= tune, behind)
    rows = await connection.execute(query.order_by(votes.c.tune_id.desc(), votes.c.member_id).limit(limit))
    return [Ballot(*row) for row in rows]


async def count(connection: AsyncConnection, platforms: Collection[str], most: int) -> int:
    """How many votes there are to learn from: none of a member on its own tune. Counted no further than `most`."""
    query = _training(platforms).where(votes.c.member_id != tunes.c.member_id).limit(most).subquery()
    return int((await connection.execute(select(func.count()).select_from(query))).scalar_one())


async def lessons(connection: AsyncConnection, tune_ids: Collection[int]) -> list[TrainingExample]:
    """The music of these tunes, but for those that are deleted."""
    query = select(tunes.c.id, tunes.c.abc, tunes.c.rhythm).where(
        tunes.c.id.in_(tune_ids), tunes.c.deleted_at.is_(None)
    )
    return [TrainingExample(*row) for row in await connection.execute(query.order_by(tunes.c.id))]


def _training(platforms: Collection[str]) -> Select[Any]:
    return (
        select(
            votes.c.tune_id,
            votes.c.member_id,
            votes.c.value,
            votes.c.updated_at,
            members.c.platform,
            members.c.external_id,
            votes.c.member_id == tunes.c.member_id,
        )
        .join_from(votes, tunes, votes.c.tune_id == tunes.c.id)
        .join(members, votes.c.member_id == members.c.id)
        .where(tunes.c.deleted_at.is_(None), members.c.platform.in_(platforms))
    )
