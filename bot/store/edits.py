"""Versions of tunes that members wrote: tunes of their own, which nothing is ever learned from."""

from dataclasses import replace

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import NewPrompt, NewTune, StoredTune
from bot.store import prompts, tables, tunes
from bot.store.lease import Lease
from model.prompt import EDITED, Prompt


async def add(
    connection: AsyncConnection, lease: Lease, ids: tuple[int, int], origin: StoredTune, prompt: Prompt, tune: NewTune
) -> StoredTune:
    """Store a tune that a member, on a server, made of `origin`; `prompt` has its key and rhythm."""
    member_id, server_id = ids
    asked = replace(prompt, opening=tune.abc, transpose=False, vary=EDITED)
    stored = await prompts.add(
        connection, lease, NewPrompt(member_id, server_id, asked, 1, origin.version, varied_from=origin.id)
    )
    written = update(tables.prompts).where(tables.prompts.c.id == stored.id).values(brought=True)
    await connection.execute(written)
    (made,) = await tunes.finish(connection, stored.id, [tune])
    return made
