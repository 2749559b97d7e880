"""PostgreSQL for tests: skipped where it is missing, asked by its own driver."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from bot.benchmarks.servers import PASSWORD, QUOTED, Postgres, missing_postgres
from bot.benchmarks.servers import postgres as running

__all__ = ["PASSWORD", "QUOTED", "Postgres", "elsewhere", "run", "running", "skip_where_missing"]
T = TypeVar("T")


def skip_where_missing() -> None:
    if reason := missing_postgres():
        pytest.skip(reason)


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """What it gives, on a loop of its own: a test's loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def run(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last of these statements, each in a transaction of its own."""
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=120)
    try:
        rows: list[Any] = []
        for statement in statements:
            rows = await connection.fetch(statement)
        return [tuple(row) for row in rows]
    finally:
        await connection.close()
