"""Retraining: votes become a candidate, and the candidate, if it passes, the version in use.

One is under way at a time, in whatever process: the database sees to it. The process that has one renews its lease;
when that has run out, another process goes on with it.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol, Self

from bot.core.errors import BadRequest, Busy, NotFound, StoreError, TrainerError
from bot.core.files import sha256_of
from bot.core.retraining import MOST_LOSSES, Options, Retraining, RetrainingStatus, VersionStats
from bot.core.subscriptions import Broadcaster
from bot.core.values import NOWHERE, Message, Place, Version
from bot.retraining import model_status, report
from bot.retraining.candidate_files import CandidateFiles
from bot.retraining.model_status import ModelStatus, Needs
from bot.retraining.run import RetrainingRun, RunContext
from bot.store import Store
from bot.store.retry import retry_while_unavailable
from bot.workers import Trains
from bot.workers.health import Health

MOST_VOTES = 1_000_000  # that a minimum may be
_CLI = "cli"

log = logging.getLogger(__name__)


class Draws(Protocol):
    """Draws curves, as bot.render.Renderer does."""

    async def chart(self, losses: list[tuple[float, float]]) -> bytes:
        """A curve as PNG. Raises RenderError."""
        ...


@dataclass
class Retrainer:
    """Begins, follows and ends retrainings; `async with` runs it. `folder` holds candidates, `voters` are platforms.

    A process that has not renewed its lease for `lease` seconds loses its retraining; with `adopts` this one goes on
    with it. `keep` is how many versions and refused candidates stay on the disk.
    """

    store: Store
    trainer: Trains
    folder: Path
    cache: Path
    draws: Draws | None = None
    voters: Collection[str] = ("discord", "web")
    lone: bool = False  # votes on own tunes count where one member alone has voted
    fewest: int = 0  # liked tunes that the trainer needs, and disliked ones
    minimum_votes: int = 50
    keep: int = 5
    lease: float = 15.0
    adopts: bool = True
    shared: bool = False  # other machines work on this database, and need the files of new versions from it
    workers: Callable[[], list[Health]] = list
    retry_pauses: tuple[float, ...] = RunContext.retry_pauses
    _runner: str = field(default_factory=lambda: secrets.token_hex(8))
    _run: RetrainingRun | None = None  # what this process has, or had last
    _queue: asyncio.Queue[Retraining] = field(default_factory=asyncio.Queue)
    _queued: set[int] = field(default_factory=set)  # the numbers in it
    _task: asyncio.Task[None] | None = None
    _broadcaster: Broadcaster[Retraining] = field(default_factory=Broadcaster)
    _stopping: bool = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run_all(), name="retrainings")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop. A retraining under way goes on after the next start."""
        self._stopping = True
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._run:
            await self._run.stop()
        self._broadcaster.close()

    async def start(
        self, place: Place, minimum_votes: int | None = None, dry_run: bool = False, message: Message = NOWHERE
    ) -> Retraining:
        """Begin a retraining, shown in a message. BadRequest where there are too few votes, Busy where one is open.

        Whether the member of `place` may do that is the caller's to check; it is put into the audit.
        """
        if self._stopping:
            raise Busy("the bot is being stopped: please ask again in a minute")
        options = Options(self._minimum(minimum_votes), dry_run)
        if found := await self._adopt():
            self._enqueue(found)
        needs = await model_status.load_needs(self.store, self.voters, options.minimum_votes, self.fewest, self.lone)
        if needs.missing:
            raise BadRequest(needs.missing)
        base = await self.store.versions.current() or 1
        found = await self.store.retrainings.begin(place, options, base, self._runner, message)
        log.info("retraining %d, from version %d, for %s", found.id, base, place.platform)
        self._enqueue(found)
        return found

    async def cancel(self, place: Place) -> Retraining:
        """Cancel the one under way, in whatever process; it is put into the audit. NotFound where there is none."""
        found = await self.store.retrainings.cancel(place)
        if found is None:
            raise NotFound("no retraining is under way")
        if self._run and self._run.now.id == found.id:
            self._run.lose(found)
        else:
            self._broadcaster.publish(found)
        return found

    async def rollback(self, place: Place, number: int) -> Version:
        """Use another version from the next prompt on; it is put into the audit. NotFound, or BadRequest."""
        if number == await self.store.versions.current():
            raise BadRequest(f"version {number} is in use already")
        wanted = next((version for version in await self.store.versions.load_all() if version.number == number), None)
        if wanted and not wanted.pruned_at and not await self._has_file(wanted):
            log.error("the file of version %d, %s, is missing or damaged", number, wanted.path)
            raise NotFound(f"the file of version {number} is missing or damaged: nothing has changed")
        chosen = await self.store.versions.choose(number, place)
        log.info("version %d is in use, chosen on %s", number, place.platform)
        return chosen

    async def status(self) -> ModelStatus:
        found = await model_status.load(self.store, await self.needs(), self.workers())
        return replace(found, opened=self._latest(found.opened) if found.opened else None)

    async def needs(self) -> Needs:
        """What there is to learn from, and what a retraining needs."""
        return await model_status.load_needs(self.store, self.voters, self.minimum_votes, self.fewest, self.lone)

    async def versions(self) -> list[VersionStats]:
        """Every version, the newest first."""
        return await model_status.load_versions(self.store)

    async def retraining(self, number: int) -> Retraining:
        """One of them, as it is now. NotFound."""
        found = await self.store.retrainings.load(number)
        if found is None:
            raise NotFound(f"there is no retraining {str(number)[:20]}")
        return self._latest(found)

    async def curve(self, retraining: Retraining) -> bytes | None:
        """Its losses as PNG; None while there is nothing to draw. RenderError."""
        losses = report.validated(retraining.report).losses if retraining.report else retraining.progress.losses
        few = [*losses[: -1 : len(losses) // MOST_LOSSES + 1], *losses[-1:]]
        return await self.draws.chart(few) if self.draws and len(few) > 1 else None

    def runs_here(self, number: int) -> bool:
        """Whether it runs in this process, or is queued."""
        running = self._run and not self._run.done and self._run.now.id == number
        return bool(running) or number in self._queued

    def subscribe(self) -> AsyncIterator[Retraining]:
        """Every change of retrainings in this process, from this call until it stops. See bot.core.subscriptions."""
        return self._broadcaster.subscribe()

    async def finished(self, number: int, subscription: AsyncIterator[Retraining]) -> Retraining:
        """Wait for its end in a subscription from before it began."""
        async for news in subscription:
            if news.id == number and news.status.final:
                return news
        raise TrainerError("the bot stopped before the retraining was done: it goes on after the next start")

    async def undelivered(self, platform: str) -> list[Retraining]:
        """Those of a platform whose message does not show their end, also while they have none."""
        return [self._latest(each) for each in await self.store.retrainings.undelivered(platform)]

    async def claim_delivery(self, number: int) -> bool:
        """Claim to show the end of one; False where its message shows it, or another living process claimed that."""
        return await retry_while_unavailable(
            self.store.retrainings.claim_delivery, number, self._runner, timedelta(seconds=self.lease)
        )

    async def delivered(self, number: int) -> None:
        """Its message shows the end, or cannot."""
        await self.store.retrainings.mark_delivered(number)

    async def _has_file(self, version: Version) -> bool:
        """Whether its file is here and undamaged, or in a database that others work on too."""
        if await asyncio.to_thread(sha256_of, Path(version.path)) == version.sha256:
            return True
        return self.shared and (version.number == 1 or await self.store.checkpoints.load(version.sha256) is not None)

    def _latest(self, found: Retraining) -> Retraining:
        """What this process knows of one that runs here is newer than the row."""
        mine = self._run.now if self._run and not self._run.done else found
        return mine if mine.id == found.id and not found.status.final else found

    def _minimum(self, minimum_votes: int | None) -> int:
        wanted = self.minimum_votes if minimum_votes is None else minimum_votes
        if not 1 <= wanted <= MOST_VOTES:
            raise BadRequest(f"minimum votes is {str(wanted)[:20]}: choose 1 to {MOST_VOTES:,}")
        return wanted

    async def _run_all(self) -> None:
        """Run the retrainings that begin here, and go on with those that another process has lost."""
        await self._run_interrupted()
        while True:
            try:
                async with asyncio.timeout(self.lease):
                    found = await self._queue.get()
            except TimeoutError:
                await self._run_interrupted()
            else:
                await self._start(found)

    def _enqueue(self, found: Retraining) -> None:
        self._queued.add(found.id)
        self._queue.put_nowait(found)

    async def _start(self, found: Retraining) -> None:
        if self._run:
            await self._run.ended()  # it may still remove its files
            if await self._is_cancelled(found):  # meanwhile, which was published
                self._queued.discard(found.id)
                return
        self._broadcaster.publish(found)
        self._queued.discard(found.id)
        context = RunContext(
            store=self.store,
            trainer=self.trainer,
            candidates=CandidateFiles(self.folder),
            cache=self.cache,
            voters=self.voters,
            lone=self.lone,
            keep=self.keep,
            lease=self.lease,
            runner=self._runner,
            publish=self._broadcaster.publish,
            shared=self.shared,
            retry_pauses=self.retry_pauses,
        )
        self._run = RetrainingRun(context, found)

    async def _is_cancelled(self, found: Retraining) -> bool:
        with suppress(StoreError):  # the run finds out by itself
            now = await self.store.retrainings.load(found.id)
            return now is not None and now.status is RetrainingStatus.CANCELLED
        return False

    async def _run_interrupted(self) -> None:
        try:
            if self.adopts and (found := await self._adopt()):
                await self._start(found)
        except StoreError as error:
            log.warning("cannot look for interrupted retrainings: %s", error)

    async def _adopt(self) -> Retraining | None:
        """Claim an interrupted retraining. One of a command, which was killed, fails in place of that."""
        retrainings = self.store.retrainings
        found = await retrainings.unfinished()
        if found is None or self.runs_here(found.id) or not (self.adopts or found.platform == _CLI):
            return None
        found = await retrainings.adopt(self._runner, timedelta(seconds=self.lease))
        if found is None:
            return None
        log.warning("retraining %d was interrupted", found.id)
        if found.platform != _CLI:
            return found
        await retrainings.end(found.id, self._runner, RetrainingStatus.FAILED, error="its command was killed")
        await CandidateFiles(self.folder).remove([found.id])
        return None
