"""The bot backs up by itself when the newest backup is too old, keeps as many as it is told, and tells of failures."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from bot.backup.archive import Reader
from bot.backup.schedule import Schedule, made, name_at
from bot.core.sections import Backup
from bot.store.migrate import migrate
from tests.processes import children

WRITES = (sys.executable, "-c", "import sys; open(sys.argv[2], 'w').close()")


def aged(folder: Path, *hours: float) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / name_at(datetime.now(UTC) - timedelta(hours=each)) for each in hours]
    for path in paths:
        path.touch()
    return paths


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not true():  # noqa: ASYNC110 (another process makes it true)
            await asyncio.sleep(0.02)


async def test_it_makes_one_when_there_is_none_and_it_can_be_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(tmp_path / "data" / "tunesmith.db")
    monkeypatch.setenv("TUNESMITH_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "new" / "backups"
    async with Schedule(Backup(folder=folder)) as schedule:
        await until(lambda: made(folder))
        assert schedule.age() < 60
    ((_, path),) = made(folder)
    with Reader.open(path) as archive:
        assert archive.manifest.rows["prompts"] == 0


async def test_it_waits_until_the_newest_is_too_old_and_keeps_the_newest(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").touch()
    old = aged(tmp_path, 100, 75, 50, 25)
    async with Schedule(Backup(folder=tmp_path, hours=24, keep=3), WRITES):
        await until(lambda: len(made(tmp_path)) == 3 and not old[1].exists())
    assert [path for _, path in made(tmp_path)][:2] == old[2:]
    assert (tmp_path / "mine.zip").exists(), "what has another name is nobody's to remove"
    before = made(tmp_path)
    async with Schedule(Backup(folder=tmp_path, hours=24, keep=1), WRITES):
        await asyncio.sleep(0)
    assert made(tmp_path) == before, "the newest is young enough"


async def test_a_failure_is_a_line_in_the_log_and_leaves_the_older_ones(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = aged(tmp_path / "backups", 100, 75)
    fails = (sys.executable, "-c", "raise SystemExit('error: the disk is full')")
    async with Schedule(Backup(folder=tmp_path / "backups", keep=1), fails):
        await until(lambda: "no backup was made: the disk is full" in caplog.text)
    (tmp_path / "file").touch()
    async with Schedule(Backup(folder=tmp_path / "file"), WRITES):
        await until(lambda: f"cannot write to {tmp_path / 'file'}: File exists" in caplog.text)
    assert [path for _, path in made(tmp_path / "backups")] == old


def sleeping() -> list[psutil.Process]:
    return [child for child in children() if "sleep" in str(child.cmdline())]


async def test_a_stop_ends_what_is_under_way(tmp_path: Path) -> None:
    async with Schedule(Backup(folder=tmp_path), (sys.executable, "-c", "import time; time.sleep(60)")):
        await until(sleeping)
        (child,) = sleeping()
    assert not child.is_running()


async def test_without_a_folder_it_makes_none(tmp_path: Path) -> None:
    async with Schedule(Backup(), WRITES) as schedule:
        assert schedule.age() == float("inf")
