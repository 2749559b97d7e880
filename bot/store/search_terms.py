"""What a tune is found by: the words of its title, and the beginnings of its bars."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import tables
from bot.store.tables import title_words
from model.errors import InputError
from model.music.abc_reader import parse
from model.music.incipits import incipits

LONGEST_WORD = 40  # characters that are kept of one
MOST_WORDS = 12  # of a title
_WORD = re.compile(r"[^\W_]+")


def words(title: str) -> list[str]:
    """The words of a title, as they are found: without accents and case, `don't` as one."""
    plain = unicodedata.normalize("NFKD", title.casefold()).replace("'", "").replace("’", "")
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word[:LONGEST_WORD] for word in dict.fromkeys(_WORD.findall(plain))][:MOST_WORDS]


def terms(tune_id: int, title: str, abc: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of title_words and of incipits for a tune; none of the latter where its text cannot be read."""
    try:
        beginnings = sorted(incipits(parse(abc)))
    except InputError:
        beginnings = []
    return (
        [{"word": word, "tune_id": tune_id} for word in words(title)],
        [{"steps": steps, "tune_id": tune_id} for steps in beginnings],
    )


async def add(connection: AsyncConnection, found: Iterable[tuple[int, str, str]]) -> None:
    """Make tunes, as (id, title, ABC), findable."""
    rows = [terms(*tune) for tune in found]
    for table, number in ((title_words, 0), (tables.incipits, 1)):
        if new := [row for pair in rows for row in pair[number]]:
            await connection.execute(insert(table), new)


async def change(connection: AsyncConnection, tune_id: int, title: str, abc: str) -> None:
    """As `add`, for a tune whose title or music has changed."""
    for table in (title_words, tables.incipits):
        await connection.execute(delete(table).where(table.c.tune_id == tune_id))
    await add(connection, [(tune_id, title, abc)])
