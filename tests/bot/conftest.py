from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.bot.parts import Bot, running


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "tunesmith.db") as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a bot's SQLite store may lie."""
    return tmp_path / "tunesmith.db"


@pytest.fixture
async def bot(path: Path) -> AsyncIterator[Bot]:
    """A bot that composes two prompts at once."""
    async with running(path, at_once=2) as bot:
        yield bot
