"""What the admins of a server do not want to be given again: titles, and tunes with all that are like them."""

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import Blocked, StoredTune
from bot.store import search_terms
from bot.store.tables import blocked, now, tunes


async def add_tune(connection: AsyncConnection, tune: StoredTune) -> None:
    """Do not give the like of a tune again on its server."""
    await _add(connection, tune, "", tune.abc)


async def add_title(connection: AsyncConnection, tune: StoredTune, title: str, abc: str) -> None:
    """Do not give the title of a tune again on its server, and give the tune another, which its `abc` has too."""
    await _add(connection, tune, tune.title, "")
    await connection.execute(update(tunes).where(tunes.c.id == tune.id).values(title=title, abc=abc))
    await search_terms.change(connection, tune.id, title, abc)


async def remove(connection: AsyncConnection, server_id: int, tune_id: int) -> int:
    """Allow the like and the title of a tune again on a server; how many of both were not."""
    these = (blocked.c.server_id == server_id, blocked.c.tune_id == tune_id)
    return (await connection.execute(delete(blocked).where(*these))).rowcount


async def load(connection: AsyncConnection, server_id: int) -> Blocked:
    """What is not to be given again on a server."""
    query = select(blocked.c.title, blocked.c.abc).where(blocked.c.server_id == server_id).order_by(blocked.c.id)
    rows = (await connection.execute(query)).all()
    return Blocked(tuple(row.title for row in rows if row.title), tuple(row.abc for row in rows if row.abc))


async def _add(connection: AsyncConnection, tune: StoredTune, title: str, abc: str) -> None:
    of = {"server_id": tune.server_id, "member_id": tune.member_id, "tune_id": tune.id}
    values = {**of, "title": title, "abc": abc, "created_at": now()}
    await connection.execute(insert(blocked).values(values))
