# ruff: noqa: ASYNC240 (nothing else runs on a test's loop)
"""The data directory: one bot uses it, and what is wrong with it is one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app.data_directory import data_directory_lock, make_data_directory
from bot.core.errors import ConfigError
from bot.store import Store
from tests.bot.store.samples import a_tune


def test_only_one_bot_has_a_data_directory(tmp_path: Path) -> None:
    with data_directory_lock(tmp_path / "a"):
        with pytest.raises(ConfigError, match="another bot already runs on"), data_directory_lock(tmp_path / "a"):
            pass
        with data_directory_lock(tmp_path / "b"):
            pass
    with data_directory_lock(tmp_path / "a"):
        pass


def test_a_lock_that_is_deleted_admits_no_second_bot(tmp_path: Path) -> None:
    with data_directory_lock(tmp_path):
        (tmp_path / "bot.lock").unlink()
        with pytest.raises(ConfigError, match="another bot already runs on"), data_directory_lock(tmp_path):
            pass


@pytest.mark.parametrize("use", [make_data_directory, lambda path: data_directory_lock(path).__enter__()])
def test_a_data_directory_that_cannot_be_had_is_one_line(tmp_path: Path, use: Callable[[Path], object]) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/1")):
        with pytest.raises(ConfigError, match="data directory") as caught:
            use(path)
        assert "\n" not in str(caught.value)


def test_it_is_for_its_user_alone(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir(mode=0o755)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    for name, mode in (("new", 0o700), ("old", 0o700), ("shared", 0o1777)):
        assert make_data_directory(tmp_path / name).stat().st_mode & 0o7777 == mode


async def test_the_database_and_its_copies_are_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "tunesmith.db"
    for _ in range(2):
        async with await Store.open(path) as store:
            await a_tune(store)
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
            assert set(modes.values()) == {0o600}, modes
        path.chmod(0o644)  # as releases before this one left it
