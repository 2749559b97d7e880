"""Backups that the bot makes by itself, and how many of them stay."""

import asyncio
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from bot.core import subprocesses
from bot.core.sections import Backup

COMMAND = (sys.executable, "-m", "bot")
AGAIN = timedelta(minutes=10)  # after one that failed
_NAME = re.compile(r"tunesmith-(\d{8}T\d{6})Z\.zip")
_TIME = "%Y%m%dT%H%M%S"

log = logging.getLogger(__name__)


def name_at(time: datetime) -> str:
    """What a backup of that time is called."""
    return f"tunesmith-{time.astimezone(UTC).strftime(_TIME)}Z.zip"


def made(folder: Path) -> list[tuple[datetime, Path]]:
    """The backups in a folder that bear such a name, oldest first."""
    names = ((_NAME.fullmatch(path.name), path) for path in folder.glob("tunesmith-*.zip"))
    return sorted((datetime.strptime(f"{match[1]}+0000", f"{_TIME}%z"), path) for match, path in names if match)


class Schedule:
    """Makes a backup whenever the newest one is too old; `async with` runs it.

    A process of its own makes it, so that the bot has nothing to wait for, and it can be ended at any time. `command`
    is the program with its settings, without `backup FILE`.
    """

    def __init__(self, section: Backup, command: Sequence[str] = COMMAND) -> None:
        self._section, self._command = section, command
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._section.folder:
            self._task = asyncio.create_task(self._run(self._section.folder), name="backups")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def age(self) -> float:
        """Seconds since the newest backup; infinite where there is none."""
        there = made(self._section.folder) if self._section.folder else []
        return (datetime.now(UTC) - there[-1][0]).total_seconds() if there else float("inf")

    async def _run(self, folder: Path) -> None:
        every = timedelta(hours=self._section.hours)
        while True:
            wait = every.total_seconds() - await asyncio.to_thread(self.age)
            if wait > 0:
                await asyncio.sleep(min(wait, every.total_seconds()))  # the clock may have been set back
            elif not await self._make(folder):
                await asyncio.sleep(min(AGAIN, every).total_seconds())

    async def _make(self, folder: Path) -> bool:
        """Make one, and remove what is then too old. False, and a line in the log, where that failed."""
        path = folder / name_at(datetime.now(UTC))
        try:
            await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
            problem = await self._back_up(path)
        except OSError as error:
            problem = f"error: cannot write to {folder}: {error.strerror}"
        if problem:
            log.error("no backup was made: %s", problem.removeprefix("error: "))
            return False
        log.info("backed up to %s", path)
        await asyncio.to_thread(self._prune, folder)
        return True

    async def _back_up(self, path: Path) -> str:
        """What went wrong, in a line; empty where nothing did."""
        process = await subprocesses.start(
            *self._command, "backup", str(path), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
            raise
        lines = said.decode(errors="replace").strip().splitlines()
        return (lines[-1] if lines else f"it ended with status {process.returncode}") if process.returncode else ""

    def _prune(self, folder: Path) -> None:
        for _, path in made(folder)[: -self._section.keep]:
            with suppress(OSError):
                path.unlink()
