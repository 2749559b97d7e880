"""Data directories to back up and to restore into."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.config import Config
from bot.core.sections import Store
from tests.bot.store.test_copy import filled

LEARNED = b"learned weights" * 1000
MINE = b"trained by hand" * 1000


def settings(data: Path, url: str | None = None, **sections: Any) -> Config:
    return Config(data_dir=data, store=Store(url=SecretStr(url) if url else None), **sections)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Config]:
    """Settings with a data directory of this name, and an SQLite file in it or a new PostgreSQL database."""

    def make(name: str) -> Config:
        if request.param == "sqlite":
            return settings(tmp_path / name)
        new_database: Callable[[], str] = request.getfixturevalue("new_database")
        return settings(tmp_path / name, new_database())

    return make


async def fill(config: Config, folder: Path) -> None:
    """A store with something in every table, and two checkpoints beside the shipped one: one learned, one brought."""
    from bot.store import Store

    location = config.database
    learned, mine = config.candidates / "retraining-1.safetensors", folder / "mine.safetensors"
    config.candidates.mkdir(parents=True, exist_ok=True)
    learned.write_bytes(LEARNED)
    mine.write_bytes(MINE)
    if isinstance(location, Path):
        await filled(location)
    else:
        from bot.store.copy import copy

        await filled(folder / "source.db")
        await copy(folder / "source.db", location)
    async with await Store.open(location) as store:
        for path, name in ((learned, "retraining-1"), (mine, "mine")):
            await store.versions.add(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), name)
