"""Several bots on one database: this one keeps what it has, and goes on with what bots that are gone have left."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.composing.composer import Composer
from bot.core.errors import StoreError, StoreUnavailable
from bot.core.values import Progress, State
from bot.store import Store

SOON = 1.0  # seconds until more is taken, where there was more to take than there was room for

log = logging.getLogger(__name__)


@dataclass
class Failover:
    """Renews the leases of this bot's prompts, and takes over others'; `async with` runs it inside the composer's.

    `batch` prompts are taken at a time, while no more than that wait here: other bots want some too.
    """

    store: Store
    composer: Composer
    platforms: Collection[str] = ()  # whose members this bot can answer
    batch: int = 8
    _suspects: set[int] = field(default_factory=set)  # not ours when last looked at
    _task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Failover":
        self._task = asyncio.create_task(self._run(), name="leases")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        pause = self.store.lease.seconds / 3
        answered = True
        while True:
            more = False
            try:
                await self._keep()
                # after an outage every lease has run out: first those who live may say so
                more = answered and await self._take_over()
                answered = True
            except StoreUnavailable:
                answered = False
            except StoreError as error:
                log.error("prompts are not shared just now: %s", error)
            except Exception:  # a bot that renews nothing would lose all it has
                log.exception("sharing prompts failed")
            await asyncio.sleep(min(SOON, pause) if more else pause)

    async def _take_over(self) -> bool:
        """Whether there may be more to take."""
        if not self.platforms or len(self.composer.queue) >= self.batch:
            return bool(self.platforms)
        taken = await self.composer.recover(self.platforms, self.batch, mine=False)
        if taken:
            log.warning("took over %d prompts that no living bot had", taken)
        return taken == self.batch

    async def _keep(self) -> None:
        """Renew; and let go of what was ours, and is another bot's or was ended by one."""
        known = set(self.composer.listeners.open)
        strange = known - await self.store.prompts.renew()
        for prompt_id in strange:
            await self._look_at(prompt_id)
        self._suspects = strange

    async def _look_at(self, prompt_id: int) -> None:
        stored = await self.store.prompts.load(prompt_id)
        if stored is None:
            return
        if stored.state in (State.DONE, State.FAILED) and not self._again(prompt_id):
            return  # most likely we ended it ourselves just now, and are about to tell
        self.composer.drop(prompt_id)
        if stored.state.final and self._again(prompt_id):
            tunes = await self.store.tunes.of_prompts([prompt_id], stored.member_id)
            self.composer.listeners.tell(Progress(stored, tunes=tuple(tunes)))

    def _again(self, prompt_id: int) -> bool:
        return prompt_id in self._suspects and prompt_id in self.composer.listeners.open
