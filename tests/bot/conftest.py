import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bot.store import Store
from tests.bot.running_bot import Bot, running_bot
from tests.engines.sqlite import with_tables


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(with_tables(tmp_path / "tunesmith.db")) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a bot's SQLite store may lie."""
    return tmp_path / "tunesmith.db"


@pytest.fixture
async def bot(path: Path) -> AsyncIterator[Bot]:
    """A bot that composes two prompts at once."""
    async with running_bot(path, at_once=2) as bot:
        yield bot


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[str]]]:
    """What was written; pytest's own handlers come back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers = []
    yield lambda: capsys.readouterr().err.splitlines()
    root.handlers, root.level = before, level
