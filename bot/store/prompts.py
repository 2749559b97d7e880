"""Prompts: what members asked for, and its state."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import NotFound
from bot.core.values import NewPrompt, State, StoredPrompt
from bot.store.lease import Lease
from bot.store.tables import members, now, prompts, tunes
from model.music.form import Form
from model.music.key import Key
from model.prompt import Prompt

FINAL = [state.value for state in State if state.final]
UNFINISHED = [state.value for state in State if not state.final]
UNDELIVERED = (  # in a final state that their message does not show yet
    prompts.c.state.in_(FINAL) & prompts.c.message_id.is_not(None) & prompts.c.delivered_at.is_(None)
)


async def add(connection: AsyncConnection, lease: Lease, new: NewPrompt) -> StoredPrompt:
    """Store a prompt as queued and claimed by this bot. NotFound where its member, server or version is unknown."""
    statement = insert(prompts).values(
        member_id=new.member_id,
        server_id=new.server_id,
        state=State.QUEUED.value,
        **new.prompt.to_json(),
        count=new.count,
        version=new.version,
        varied_from=new.varied_from,
        brought=await _brought(connection, new),
        channel_id=new.message.channel_id or None,
        message_id=new.message.message_id or None,
        created_at=now(),
        **lease.values(connection),
    )
    try:
        prompt_id = (await connection.execute(statement.returning(prompts.c.id))).scalar_one()
    except IntegrityError as error:
        unknown = f"no member {new.member_id}, server {new.server_id} or model version {new.version} is registered"
        raise NotFound(unknown) from error
    return from_row((await connection.execute(_query().where(prompts.c.id == prompt_id))).one())


async def _brought(connection: AsyncConnection, new: NewPrompt) -> bool:
    """Whether a prompt holds what a member brought: an opening, or a variation of what grew from one."""
    if new.varied_from is None:
        return bool(new.prompt.opening)
    origin = select(prompts.c.brought).join_from(tunes, prompts, tunes.c.prompt_id == prompts.c.id)
    return bool((await connection.execute(origin.where(tunes.c.id == new.varied_from))).scalar_one_or_none())


async def set_state(connection: AsyncConnection, lease: Lease, prompt_id: int, state: State, error: str = "") -> bool:
    """Store a prompt's next state; each COMPOSING counts as an attempt, and DONE is set by `finish`.

    False, and nothing changes, where the prompt is unknown or in a final state already, and, unless `state` is
    CANCELLED, where another bot has claimed it.
    """
    unclaimed = or_(prompts.c.bot.is_(None), prompts.c.bot == lease.bot)
    return await _change_state(connection, prompt_id, state, error, true() if state is State.CANCELLED else unclaimed)


async def finish(connection: AsyncConnection, prompt_id: int) -> bool:
    """Set a prompt to DONE, whoever has claimed it; False where it is unknown or in a final state already."""
    return await _change_state(connection, prompt_id, State.DONE, "", true())


async def _change_state(
    connection: AsyncConnection, prompt_id: int, state: State, error: str, where: ColumnElement[bool]
) -> bool:
    values: dict[str, Any] = {"state": state.value, "error": error}
    if state is State.COMPOSING:
        values |= {"started_at": now(), "attempts": prompts.c.attempts + 1}
    if state.final:
        values["finished_at"] = now()
    statement = update(prompts).where(prompts.c.id == prompt_id, prompts.c.state.in_(UNFINISHED), where)
    return (await connection.execute(statement.values(values))).rowcount == 1


async def requeue(connection: AsyncConnection, lease: Lease, prompt_ids: Collection[int]) -> None:
    """Queue prompts again that a clean stop interrupted, which does not count as an attempt."""
    working = [State.COMPOSING.value, State.RENDERING.value]
    mine = update(prompts).where(prompts.c.id.in_(prompt_ids), prompts.c.bot == lease.bot)
    requeued = {"state": State.QUEUED.value, "attempts": prompts.c.attempts - 1}
    await connection.execute(mine.where(prompts.c.state.in_(working)).values(requeued))


async def set_message(
    connection: AsyncConnection, prompt_id: int, channel_id: str, message_id: str, delivered: bool = False
) -> None:
    """Store which message carries a prompt's answer, in place of an earlier one, and whether it shows the final state.

    A front end calls this as soon as its first message is sent, edits that message from then on, and calls
    `mark_delivered` once it shows the final state. After a crash `unfinished` and `undelivered` name the messages to
    edit: an answer may be shown twice in the same message, and never in two.
    """
    values = {"channel_id": channel_id, "message_id": message_id, "delivered_at": now() if delivered else None}
    await connection.execute(update(prompts).where(prompts.c.id == prompt_id).values(values))


async def mark_delivered(connection: AsyncConnection, prompt_id: int) -> None:
    """The prompt's message shows its final state: its tunes, or why there are none."""
    statement = update(prompts).where(prompts.c.id == prompt_id, prompts.c.delivered_at.is_(None))
    await connection.execute(statement.values(delivered_at=now()))


async def undelivered(connection: AsyncConnection, platforms: Collection[str]) -> list[StoredPrompt]:
    """Prompts of these platforms in a final state that their message does not show yet, oldest first."""
    query = _query().where(UNDELIVERED, members.c.platform.in_(platforms))
    return [from_row(row) for row in await connection.execute(query.order_by(prompts.c.id))]


async def load(connection: AsyncConnection, prompt_id: int) -> StoredPrompt | None:
    """A prompt; None where it is unknown."""
    row = (await connection.execute(_query().where(prompts.c.id == prompt_id))).one_or_none()
    return from_row(row) if row else None


async def load_all(connection: AsyncConnection, prompt_ids: Collection[int]) -> list[StoredPrompt]:
    """These prompts, oldest first."""
    rows = await connection.execute(_query().where(prompts.c.id.in_(prompt_ids)).order_by(prompts.c.id))
    return [from_row(row) for row in rows]


async def unfinished(connection: AsyncConnection, platforms: Collection[str]) -> list[StoredPrompt]:
    """Prompts of these platforms that are in no final state, oldest first."""
    query = _query().where(prompts.c.state.in_(UNFINISHED), members.c.platform.in_(platforms))
    return [from_row(row) for row in await connection.execute(query.order_by(prompts.c.id))]


async def before(connection: AsyncConnection, server_id: int, prompt_id: int, limit: int) -> list[StoredPrompt]:
    """The newest `limit` prompts of a server that are older than a prompt, oldest first."""
    query = _query().where(prompts.c.server_id == server_id, prompts.c.id < prompt_id)
    rows = (await connection.execute(query.order_by(prompts.c.id.desc()).limit(limit))).all()
    return [from_row(row) for row in reversed(rows)]


def prompt_of(row: Row[Any], seed: int) -> Prompt:
    """The Prompt in a row that has a prompt's columns, with a seed of its own."""
    return Prompt(
        key=Key.parse(row.key),
        rhythm=row.rhythm,
        temperature=row.temperature,
        form=Form.parse(row.form),
        seed=seed,
        opening=row.opening,
        transpose=row.transpose,
        vary=row.vary,
        tempo=row.tempo,
        instrument=row.instrument,
        band=row.band,
    )


def from_row(row: Row[Any]) -> StoredPrompt:
    return StoredPrompt(
        id=row.id,
        member_id=row.member_id,
        member_name=row.member_name,
        server_id=row.server_id,
        prompt=prompt_of(row, row.seed),
        count=row._mapping["count"],  # `row.count` is a method
        state=State(row.state),
        version=row.version,
        created_at=row.created_at,
        error=row.error,
        varied_from=row.varied_from,
        attempts=row.attempts,
        channel_id=row.channel_id or "",
        message_id=row.message_id or "",
    )


def _query() -> Select[Any]:
    return select(prompts, members.c.name.label("member_name")).join_from(
        prompts, members, prompts.c.member_id == members.c.id
    )
