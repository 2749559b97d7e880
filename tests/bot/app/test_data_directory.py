"""The data directory: one bot uses it, and what is wrong with it is one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.app.data_directory import data_directory_lock, make_data_directory
from bot.core.errors import ConfigError


def test_only_one_bot_has_a_data_directory(tmp_path: Path) -> None:
    with data_directory_lock(tmp_path / "a"):
        with pytest.raises(ConfigError, match="another bot already runs on"), data_directory_lock(tmp_path / "a"):
            pass
        with data_directory_lock(tmp_path / "b"):
            pass
    with data_directory_lock(tmp_path / "a"):
        pass


@pytest.mark.parametrize("use", [make_data_directory, lambda path: data_directory_lock(path).__enter__()])
def test_a_data_directory_that_cannot_be_had_is_one_line(tmp_path: Path, use: Callable[[Path], object]) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/1")):
        with pytest.raises(ConfigError, match="data directory") as caught:
            use(path)
        assert "\n" not in str(caught.value)
