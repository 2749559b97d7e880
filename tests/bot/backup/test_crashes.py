"""Killed at any step, a backup leaves the older file or the new one, and a restore the old database or the new one."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.backup.archive import Reader
from bot.backup.backup import back_up
from bot.backup.restore import opened, restore
from bot.core.config import Config
from bot.store import Store
from tests.bot.backup.conftest import fill, settings
from tests.bot.store.samples import a_tune
from tests.bot.store.test_copy import everything

_STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.link", "os.rmdir", "sqlite3.connect", "shutil.rmtree"}


def killed_at(step: int, folder: Path, work: Callable[[], object]) -> bool:
    """Do it in a child that is killed where it touches a folder for the `step`th time; False if it got to its end."""
    child = os.fork()
    if child == 0:
        left = [step]

        def hook(event: str, details: object) -> None:
            if event in _STEPS and str(folder) in str(details):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return os.WIFSIGNALED(status)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    config = settings(tmp_path / "first")
    asyncio.run(fill(config, tmp_path))
    asyncio.run(back_up(config, tmp_path / "backup.zip"))
    return tmp_path / "backup.zip"


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_killed_backup_leaves_the_older_file_or_the_new_one(tmp_path: Path, backup: Path) -> None:
    config, older = settings(tmp_path / "first"), backup.read_bytes()
    step = 1
    while killed_at(step, tmp_path, lambda: asyncio.run(back_up(config, backup))):
        if backup.read_bytes() != older:
            Reader.open(backup)
        step += 1
    assert step > 10, "it was killed on the way"
    assert backup.read_bytes() != older
    Reader.open(backup)
    assert sorted(path.name for path in tmp_path.glob(".backup*")) == [], "the last one swept up"


def a_restore(backup: Path, config: Config, force: bool) -> Callable[[], object]:
    def work() -> None:
        with opened(backup) as source:
            config.data_dir.mkdir(exist_ok=True)
            asyncio.run(restore(source, config, force))

    return work


def contents(config: Config) -> dict[str, list[str]]:
    found = asyncio.run(everything(str(config.database)))
    return {name: rows for name, rows in found.items() if name != "versions"}


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
@pytest.mark.timeout(300)
def test_a_killed_restore_leaves_the_old_database_or_the_new_one(tmp_path: Path, backup: Path) -> None:
    config, new = settings(tmp_path / "second"), contents(settings(tmp_path / "first"))

    async def begin() -> None:
        async with await Store.open(config.database) as store:
            await a_tune(store)

    asyncio.run(begin())
    old, seen, step = contents(config), set(), 1
    while killed_at(step, tmp_path, a_restore(backup, config, force=True)):
        there = contents(config)
        assert there in (old, new), step
        seen.add(there == new)
        step += 1
        if there == new:
            break
    assert step > 20, "it was killed on the way"
    assert False in seen
    assert not killed_at(0, tmp_path, a_restore(backup, config, force=True)), "it can be done again"
    assert contents(config) == new


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_killed_restore_into_nothing_can_be_done_again_without_force(tmp_path: Path, backup: Path) -> None:
    config, new = settings(tmp_path / "second"), contents(settings(tmp_path / "first"))
    step = 1
    while killed_at(step, tmp_path, a_restore(backup, config, force=False)):
        if (config.data_dir / "tunesmith.db").exists():
            assert contents(config) == new
            break
        step += 1
    assert step > 20
    assert contents(config) == new
