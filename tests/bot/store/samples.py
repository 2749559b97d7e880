"""What the store's tests begin with: a member, a prompt, a tune."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

from bot.core.values import NewPrompt, NewTune, Place, StoredPrompt, StoredTune
from bot.store import Store
from model.prompt import Prompt, parse_prompt
from model.worker.protocol import Known
from tests.engines import postgres

ABC = "X:1\nT:The Long Lane\nR:reel\nM:4/4\nL:1/8\nK:Edor\n|:EBBA B2EB:|\n"
OPENING = "EBBA B2EB|"
PROMPT = parse_prompt("Edor", "reel", 0.9, "AABB:4", 7)
BROUGHT = replace(PROMPT, opening=OPENING)  # what comes of it is not learned from


async def a_member(store: Store, member: str = "ann", server: str = "home", platform: str = "web") -> tuple[int, int]:
    return await store.members.register(Place(platform, server, member, member.title()))


async def a_prompt(store: Store, ids: tuple[int, int] | None = None, prompt: Prompt = PROMPT) -> StoredPrompt:
    await store.versions.add("shipped.safetensors", "0" * 64, "trad", number=1)
    return await store.prompts.add(NewPrompt(*(ids or await a_member(store)), prompt, count=2, version=1))


def new_tunes(count: int = 1) -> list[NewTune]:
    nearest = Known("The Boys of Malin", "ryansMammoth", 0.41)
    return [NewTune(i, PROMPT.seed + i, "The Long Lane", ABC, nearest, 1.2) for i in range(count)]


async def a_tune(store: Store, ids: tuple[int, int] | None = None, prompt: Prompt = PROMPT) -> StoredTune:
    stored = await a_prompt(store, ids, prompt)
    return (await store.prompts.finish(stored.id, new_tunes()))[0]


async def rows(location: str, sql: str) -> list[tuple[Any, ...]]:
    """The rows that a query finds in the database at a URL, through its own driver."""
    if location.startswith("postgresql"):
        return await postgres.run(location, sql)
    with closing(sqlite3.connect(location.removeprefix("sqlite:///"))) as database:
        return database.execute(sql).fetchall()
