"""Erases what has been kept long enough: tunes that were deleted, servers that the bot left, old copies."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Self

from bot.backup.copies import remove_older_than
from bot.core.config import Config
from bot.core.errors import StoreError
from bot.store import Store

EVERY = timedelta(hours=6)

log = logging.getLogger(__name__)


class Retention:
    """Looks every few hours for what is older than [privacy] keep; `async with` runs it."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="retention")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def erase(self) -> int:
        """Erase what is old enough by now; how many tunes and servers these were."""
        before = datetime.now(UTC) - timedelta(days=self._config.privacy.keep)
        erased = await self._store.erasure.purge(before)
        if erased:
            log.info("erased for good: %d tunes or servers", erased)
            await self._store.erasure.compact()
        for path in await asyncio.to_thread(remove_older_than, self._config, before):
            log.info("removed %s", path)
        return erased

    async def _run(self) -> None:
        while True:
            try:
                await self.erase()
            except StoreError as error:
                log.warning("nothing was erased: %s", error)
            await asyncio.sleep(EVERY.total_seconds())
