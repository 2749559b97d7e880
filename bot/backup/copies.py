"""Older copies of the database that lie about: they hold what was erased since."""

import contextlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from bot.backup import schedule
from bot.core.config import Config
from bot.store.database import database_url, sqlite_path


def older_copies(config: Config) -> list[Path]:
    """The copies that migrations and restores left beside the database, and the bot's own backups."""
    backups = [path for _, path in schedule.made(config.backup.folder)] if config.backup.folder else []
    return [*_left(config), *backups]


def remove_older_than(config: Config, time: datetime) -> list[Path]:
    """Remove the copies that migrations and restores left before a time. Backups have a retention of their own."""
    old = [path for path in _left(config) if path.stat().st_mtime < time.timestamp()]
    _remove(old)
    return old


def _left(config: Config) -> list[Path]:
    path = sqlite_path(database_url(config.database))
    return sorted(path.parent.glob(f"{path.name}.before-*")) if path else []


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
