"""The store's tests run on SQLite, and on PostgreSQL where it is installed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.engines.sqlite import with_tables


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of the test's own."""
    if request.param == "sqlite":
        return f"sqlite:///{with_tables(tmp_path / 'tunesmith.db')}"
    return str(request.getfixturevalue("database"))


@pytest.fixture
async def store(location: str) -> AsyncIterator[Store]:
    async with await Store.open(location) as opened:
        yield opened
