"""Several bots on one database: each renews its claims on prompts, and takes over those of bots that are gone."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from bot.composing.composer import Composer
from bot.core.errors import StoreError, StoreUnavailable
from bot.core.values import Progress, State
from bot.store import Store

SOON = 1.0  # seconds until the next take-over, where a batch did not hold all prompts

log = logging.getLogger(__name__)


@dataclass
class Failover:
    """Renews this bot's claims, and takes over prompts of bots that are gone; `async with` runs it.

    `batch` prompts are taken over at a time, while fewer than that wait here, so that other bots get some too.
    """

    store: Store
    composer: Composer
    platforms: Collection[str] = ()  # whose members this bot can answer
    batch: int = 8
    _lost: set[int] = field(default_factory=set)  # prompts that were not ours any more at the last renewal
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
                await self._renew()
                # after an outage every lease has run out: bots that live get the time to renew theirs
                more = answered and await self._take_over()
                answered = True
            except StoreUnavailable:
                answered = False
            except StoreError as error:
                log.error("cannot renew claims, or take over prompts, just now: %s", error)
            except Exception:  # without renewals this bot would lose all its prompts
                log.exception("renewing claims, or taking over prompts, failed")
            await asyncio.sleep(min(SOON, pause) if more else pause)

    async def _take_over(self) -> bool:
        """Take over a batch; whether there may be more."""
        if not self.platforms or len(self.composer.queue) >= self.batch:
            return bool(self.platforms)
        taken = await self.composer.recover(self.platforms, self.batch, own=False)
        if taken:
            log.warning("took over %d prompts that no living bot had", taken)
        return taken == self.batch

    async def _renew(self) -> None:
        """Renew our claims, and drop prompts that another bot has claimed or finished meanwhile."""
        known = set(self.composer.broadcaster.unfinished)
        lost = known - await self.store.prompts.renew()
        for prompt_id in lost:
            await self._check_lost(prompt_id)
        self._lost = lost

    async def _check_lost(self, prompt_id: int) -> None:
        stored = await self.store.prompts.load(prompt_id)
        if stored is None:
            return
        if stored.state in (State.DONE, State.FAILED) and not self._lost_before(prompt_id):
            return  # most likely we finished it ourselves just now, and are about to publish that
        self.composer.drop(prompt_id)
        if stored.state.final and self._lost_before(prompt_id):
            tunes = await self.store.tunes.of_prompts([prompt_id], stored.member_id)
            self.composer.broadcaster.publish(Progress(stored, tunes=tuple(tunes)))

    def _lost_before(self, prompt_id: int) -> bool:
        return prompt_id in self._lost and prompt_id in self.composer.broadcaster.unfinished
