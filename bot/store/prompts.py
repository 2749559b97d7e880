"""Prompts: what was asked, and how far it is."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, Select, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import NotFound
from bot.core.values import Message, State, StoredPrompt
from bot.store.tables import members, now, prompts
from model.music.form import Form
from model.music.key import Key
from model.prompt import Prompt

FINAL = [state.value for state in State if state.final]
UNFINISHED = [state.value for state in State if not state.final]
UNDELIVERED = (  # whose message does not show the end that they have
    prompts.c.state.in_(FINAL) & prompts.c.message_id.is_not(None) & prompts.c.delivered_at.is_(None)
)


async def add(
    connection: AsyncConnection,
    member_id: int,
    server_id: int,
    prompt: Prompt,
    count: int,
    version: int,
    varied_from: int | None,
    message: Message,
    lease: Mapping[str, Any],
) -> StoredPrompt:
    """Store a new prompt as queued, leased to a bot. NotFound where the member, server or version is not registered."""
    statement = insert(prompts).values(
        member_id=member_id,
        server_id=server_id,
        state=State.QUEUED.value,
        **prompt.to_json(),
        count=count,
        version=version,
        varied_from=varied_from,
        channel_id=message.channel_id or None,
        message_id=message.message_id or None,
        created_at=now(),
        **lease,
    )
    try:
        prompt_id = (await connection.execute(statement.returning(prompts.c.id))).scalar_one()
    except IntegrityError as error:
        raise NotFound(f"no member {member_id}, server {server_id} or model version {version} is registered") from error
    return from_row((await connection.execute(_query().where(prompts.c.id == prompt_id))).one())


async def set_state(connection: AsyncConnection, prompt_id: int, state: State, error: str, bot: str) -> bool:
    """Move a prompt on; False, and nothing changes, where it is unknown or already in a final state.

    Any bot may cancel a prompt; all else is for the one that has it.
    """
    values: dict[str, Any] = {"state": state.value, "error": error}
    if state is State.COMPOSING:
        values |= {"started_at": now(), "attempts": prompts.c.attempts + 1}
    if state.final:
        values["finished_at"] = now()
    statement = update(prompts).where(prompts.c.id == prompt_id, prompts.c.state.in_(UNFINISHED)).values(values)
    if state not in (State.CANCELLED, State.DONE):
        statement = statement.where(or_(prompts.c.bot.is_(None), prompts.c.bot == bot))
    return (await connection.execute(statement)).rowcount == 1


async def put_back(connection: AsyncConnection, prompt_ids: Collection[int], bot: str) -> None:
    """Prompts that a clean stop interrupted are queued again, and that was no attempt."""
    working = [State.COMPOSING.value, State.RENDERING.value]
    statement = update(prompts).where(prompts.c.id.in_(prompt_ids), prompts.c.state.in_(working), prompts.c.bot == bot)
    await connection.execute(statement.values(state=State.QUEUED.value, attempts=prompts.c.attempts - 1))


async def answered_in(
    connection: AsyncConnection, prompt_id: int, channel_id: str, message_id: str, shown: bool
) -> None:
    """Remember the message that carries a prompt's answer, and whether it shows the end."""
    values = {"channel_id": channel_id, "message_id": message_id, "delivered_at": now() if shown else None}
    await connection.execute(update(prompts).where(prompts.c.id == prompt_id).values(values))


async def delivered(connection: AsyncConnection, prompt_id: int) -> None:
    statement = update(prompts).where(prompts.c.id == prompt_id, prompts.c.delivered_at.is_(None))
    await connection.execute(statement.values(delivered_at=now()))


async def undelivered(connection: AsyncConnection, platforms: Collection[str]) -> list[StoredPrompt]:
    """Prompts in a final state whose message does not show it yet, oldest first."""
    query = _query().where(UNDELIVERED, members.c.platform.in_(platforms))
    return [from_row(row) for row in await connection.execute(query.order_by(prompts.c.id))]


async def load(connection: AsyncConnection, prompt_id: int) -> StoredPrompt | None:
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
    form = Form.parse(row.form)
    return Prompt(Key.parse(row.key), row.rhythm, row.temperature, form, seed, row.opening, row.transpose, row.vary)


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
