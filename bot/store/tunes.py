"""Tunes, each with the settings it was composed with and its votes."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import NotFound
from bot.core.values import NewTune, StoredPrompt, StoredTune, Votes
from bot.store import prompts, search_terms, tables
from bot.store.column_types import LARGEST_ID
from bot.store.tables import members, now, tunes, votes
from model.worker.protocol import Known


async def finish(connection: AsyncConnection, prompt_id: int, new: Sequence[NewTune]) -> list[StoredTune]:
    """Store a prompt's tunes and set it to DONE; NotFound where it is unknown.

    Where it is in a final state already, nothing is stored and the result is the tunes that it has, which are none if
    it failed or was cancelled. Whichever bot has the tunes first stores them, whoever has claimed the prompt meanwhile.
    """
    prompt = await prompts.load(connection, prompt_id)
    if prompt is None:
        raise NotFound(f"there is no prompt {prompt_id}")
    if await prompts.finish(connection, prompt_id) and new:
        await connection.execute(insert(tunes), [_columns(prompt, tune) for tune in new])
        stored = await of_prompts(connection, [prompt_id], prompt.member_id)
        await search_terms.add(connection, [(tune.id, tune.title, tune.abc) for tune in stored])
        return stored
    return await of_prompts(connection, [prompt_id], prompt.member_id)


async def load(connection: AsyncConnection, tune_id: int, viewer: int = 0) -> StoredTune | None:
    """A tune with the vote of a member, the viewer; None where it is unknown or deleted."""
    row = (await connection.execute(_query(viewer).where(tunes.c.id == tune_id))).one_or_none()
    return _from_row(row) if row else None


async def of_prompts(connection: AsyncConnection, prompt_ids: Collection[int], viewer: int = 0) -> list[StoredTune]:
    """The tunes of these prompts that are not deleted, by prompt and ordinal."""
    query = _query(viewer).where(tunes.c.prompt_id.in_(prompt_ids))
    rows = await connection.execute(query.order_by(tunes.c.prompt_id, tunes.c.ordinal))
    return [_from_row(row) for row in rows]


async def history(
    connection: AsyncConnection, server_id: int, viewer: int, before: int | None, limit: int
) -> list[tuple[StoredPrompt, tuple[StoredTune, ...]]]:
    """The newest `limit` prompts of a server that are older than prompt `before`, oldest first, each with its tunes."""
    page = await prompts.before(connection, server_id, LARGEST_ID if before is None else before, limit)
    found = await of_prompts(connection, [prompt.id for prompt in page], viewer)
    return [(prompt, tuple(tune for tune in found if tune.prompt_id == prompt.id)) for prompt in page]


async def load_all(connection: AsyncConnection, tune_ids: Collection[int], viewer: int = 0) -> list[StoredTune]:
    """Those of these tunes that are not deleted, in no order."""
    return [_from_row(row) for row in await connection.execute(_query(viewer).where(tunes.c.id.in_(tune_ids)))]


async def variations(connection: AsyncConnection, tune_id: int, limit: int) -> list[int]:
    """The ids of the first tunes that vary a tune and are not deleted, oldest first."""
    asked = tables.prompts
    query = select(tunes.c.id).join_from(asked, tunes, tunes.c.prompt_id == asked.c.id)
    query = query.where(asked.c.varied_from == tune_id, tunes.c.deleted_at.is_(None)).order_by(tunes.c.id).limit(limit)
    return list((await connection.execute(query)).scalars())


async def newest_like(
    connection: AsyncConnection, tune: StoredTune, keys: Collection[str], limit: int
) -> list[tuple[int, str]]:
    """(id, ABC) of the newest other tunes of a tune's server and rhythm that are in one of these keys, newest first."""
    query = select(tunes.c.id, tunes.c.abc).where(tunes.c.server_id == tune.server_id, tunes.c.id != tune.id)
    query = query.where(tunes.c.rhythm == tune.prompt.rhythm, tunes.c.deleted_at.is_(None), tunes.c.key.in_(keys))
    rows = await connection.execute(query.order_by(tunes.c.id.desc()).limit(limit))
    return [(row.id, row.abc) for row in rows]


async def of_member(
    connection: AsyncConnection, member_id: int, before: int | None = None, limit: int = 10
) -> list[StoredTune]:
    """A member's newest tunes that are older than tune `before`, newest first, with its own votes."""
    bound = LARGEST_ID if before is None else before
    query = _query(member_id).where(tunes.c.member_id == member_id, tunes.c.id < bound)
    rows = await connection.execute(query.order_by(tunes.c.id.desc()).limit(limit))
    return [_from_row(row) for row in rows]


async def delete(connection: AsyncConnection, tune_id: int) -> None:
    """Hide a tune for good; its row and votes stay. NotFound where it is unknown or already deleted."""
    statement = update(tunes).where(tunes.c.id == tune_id, tunes.c.deleted_at.is_(None)).values(deleted_at=now())
    if (await connection.execute(statement)).rowcount == 0:
        raise NotFound(missing(tune_id))


def missing(tune_id: int) -> str:
    """The message of NotFound."""
    return f"there is no tune {tune_id}, or it was deleted"


def _columns(prompt: StoredPrompt, tune: NewTune) -> dict[str, Any]:
    return {
        "prompt_id": prompt.id,
        "ordinal": tune.ordinal,
        "member_id": prompt.member_id,
        "server_id": prompt.server_id,
        "key": str(prompt.prompt.key),
        "rhythm": prompt.prompt.rhythm,
        "seed": tune.seed,
        "title": tune.title,
        "abc": tune.abc,
        "nearest_title": tune.nearest and tune.nearest.title,
        "nearest_source": tune.nearest and tune.nearest.source,
        "similarity": tune.nearest and tune.nearest.similarity,
        "drawn_temperature": tune.drawn_temperature,
        "version": tune.version,
        "created_at": now(),
    }


def _mine(tune_id: Any, viewer: int) -> ColumnElement[int]:
    """The viewer's vote on one tune, or on the tune in each row of a query."""
    vote = select(votes.c.value).where(votes.c.tune_id == tune_id, votes.c.member_id == viewer)
    return func.coalesce(vote.scalar_subquery(), 0).label("mine")


def _query(viewer: int) -> Select[Any]:
    names = (
        "key",
        "rhythm",
        "temperature",
        "form",
        "opening",
        "transpose",
        "vary",
        "varied_from",
        "tempo",
        "instrument",
        "band",
    )
    settings = [tables.prompts.c[name] for name in names]
    columns = [column for column in tunes.c if column.name not in ("key", "rhythm", "version")]
    versions = (
        func.coalesce(tunes.c.version, tables.prompts.c.version).label("version"),
        tables.prompts.c.version.label("asked_version"),
    )
    return (
        select(*columns, *settings, *versions, members.c.name.label("member_name"), _mine(tunes.c.id, viewer))
        .join_from(tunes, tables.prompts, tunes.c.prompt_id == tables.prompts.c.id)
        .join(members, tunes.c.member_id == members.c.id)
        .where(tunes.c.deleted_at.is_(None))
    )


def _from_row(row: Row[Any]) -> StoredTune:
    return StoredTune(
        id=row.id,
        prompt_id=row.prompt_id,
        member_id=row.member_id,
        member_name=row.member_name,
        server_id=row.server_id,
        prompt=prompts.prompt_of(row, row.seed),
        version=row.version,
        asked_version=row.asked_version,
        title=row.title,
        abc=row.abc,
        created_at=row.created_at,
        votes=Votes(row.up, row.down, row.mine),
        nearest=None if row.similarity is None else Known(row.nearest_title, row.nearest_source, row.similarity),
        drawn_temperature=row.drawn_temperature,
        varied_from=row.varied_from,
    )
