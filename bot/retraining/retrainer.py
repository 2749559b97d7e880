"""Retraining: what members voted for becomes a candidate, and the candidate, if it passes, the version in use.

One is under way at a time, in whatever process: the database sees to it. A process that has one gives signs of life;
when they stop, another goes on with it.
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
from bot.core.retraining import MOST_LOSSES, Options, Retraining, RetrainingStatus, VersionStats
from bot.core.subscriptions import Broadcaster
from bot.core.values import NOWHERE, Message, Place, Version
from bot.retraining import report
from bot.retraining.candidate_files import CandidateFiles, digest
from bot.retraining.run import RetrainingRun, RunContext
from bot.store import Store
from bot.store.retry import retry_while_unavailable
from bot.workers import Trains
from bot.workers.health import Health

MOST_VOTES = 1_000_000  # that may be asked for
COUNTED = 10_000  # votes, in a status
_CLI = "cli"

log = logging.getLogger(__name__)


class Draws(Protocol):
    """What it needs of `bot.render`."""

    async def chart(self, losses: list[tuple[float, float]]) -> bytes:
        """A curve as PNG. Raises RenderError."""
        ...


@dataclass(frozen=True)
class Status:
    """The version in use, what is under way, what came of the last one, and how many votes there are to learn from.

    `workers` are those that compose or train, whoever was heard of last first, each with the versions that it holds.
    """

    current: Version
    opened: Retraining | None
    last: Retraining | None
    votes: int
    minimum: int
    workers: tuple[Health, ...] = ()


@dataclass
class Retrainer:
    """Begins, follows and ends retrainings; `async with` runs it. `folder` holds candidates, `voters` are platforms.

    A process that is silent for `lease` seconds loses its retraining; with `adopts` this one goes on with those.
    """

    store: Store
    trainer: Trains
    folder: Path
    cache: Path
    draws: Draws | None = None
    voters: Collection[str] = ("discord", "web")
    minimum_votes: int = 50
    keep: int = 5
    lease: float = 15.0
    adopts: bool = True
    shared: bool = False  # other machines work on this database, and need the files of new versions from it
    workers: Callable[[], list[Health]] = list
    _runner: str = field(default_factory=lambda: secrets.token_hex(8))
    _training: RetrainingRun | None = None  # what this process has, or had last
    _begun: asyncio.Queue[Retraining] = field(default_factory=asyncio.Queue)
    _queued: set[int] = field(default_factory=set)  # what stands in it
    _watch: asyncio.Task[None] | None = None
    _broadcaster: Broadcaster[Retraining] = field(default_factory=Broadcaster)
    _stopping: bool = False

    async def __aenter__(self) -> Self:
        self._watch = asyncio.create_task(self._attend(), name="retrainings")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop. What is under way goes on after the next start."""
        self._stopping = True
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._training:
            await self._training.stop()
        self._broadcaster.close()

    async def start(
        self, place: Place, minimum_votes: int | None = None, dry_run: bool = False, message: Message = NOWHERE
    ) -> Retraining:
        """Begin a retraining, shown in a message. BadRequest where there are too few votes, Busy where one is open.

        Whether the member of `place` may do that is the caller's to check; it is put into the audit.
        """
        if self._stopping:
            raise Busy("the bot is being stopped: please ask again in a minute")
        options = Options(self._checked(minimum_votes), dry_run)
        if found := await self._adopted():
            self._queue(found)
        self._enough(await self.store.training_votes.count(self.voters, options.minimum_votes), options)
        base = await self.store.versions.current() or 1
        found = await self.store.retrainings.begin(place, options, base, self._runner, message)
        log.info("retraining %d, from version %d, for %s", found.id, base, place.platform)
        self._queue(found)
        return found

    async def cancel(self, place: Place) -> Retraining:
        """Cancel what is under way, in whatever process; it is put into the audit. NotFound where nothing is."""
        found = await self.store.retrainings.cancel(place)
        if found is None:
            raise NotFound("no retraining is under way")
        if self._training and self._training.now.id == found.id:
            self._training.take(found)
        else:
            self._broadcaster.publish(found)
        return found

    async def rollback(self, place: Place, number: int) -> Version:
        """Use another version from the next prompt on; it is put into the audit. NotFound, or BadRequest."""
        if number == await self.store.versions.current():
            raise BadRequest(f"version {number} is in use already")
        wanted = next((version for version in await self.store.versions.load_all() if version.number == number), None)
        if wanted and not wanted.pruned_at and not await self._there(wanted):
            raise NotFound(f"the file of version {number}, {wanted.path}, is missing or damaged: nothing has changed")
        chosen = await self.store.versions.choose(number, place)
        log.info("version %d is in use, as %s wished", number, place.platform)
        return chosen

    async def status(self) -> Status:
        versions = {version.number: version for version in await self.store.versions.load_all()}
        opened = await self.store.retrainings.unfinished()
        opened = self._newest(opened) if opened else None
        last = next((each for each in await self.store.retrainings.latest(2) if each.status.final), None)
        votes = await self.store.training_votes.count(self.voters, COUNTED)
        current = versions[await self.store.versions.current() or 1]
        return Status(current, opened, last, votes, self.minimum_votes, self._workers(versions.values()))

    async def versions(self) -> list[VersionStats]:
        """Every version, the newest first."""
        counts, current = await self.store.versions.counts(), await self.store.versions.current() or 1
        standings = []
        for version in reversed(await self.store.versions.load_all()):
            made = await self.store.retrainings.load(version.retraining_id) if version.retraining_id else None
            up, down = counts.get(version.number, (0, 0))
            standings.append(VersionStats(version, up, down, version.number == current, made))
        return standings

    async def retraining(self, number: int) -> Retraining:
        """One of them, as it is now. NotFound."""
        found = await self.store.retrainings.load(number)
        if found is None:
            raise NotFound(f"there is no retraining {str(number)[:20]}")
        return self._newest(found)

    async def curve(self, retraining: Retraining) -> bytes | None:
        """Its losses as a picture; None while there is nothing to draw. RenderError."""
        losses = report.validated(retraining.report).losses if retraining.report else retraining.progress.losses
        few = [*losses[: -1 : len(losses) // MOST_LOSSES + 1], *losses[-1:]]
        return await self.draws.chart(few) if self.draws and len(few) > 1 else None

    def here(self, number: int) -> bool:
        """Whether this process is at work on it, or about to be."""
        at_work = self._training and not self._training.done and self._training.now.id == number
        return bool(at_work) or number in self._queued

    def subscribe(self) -> AsyncIterator[Retraining]:
        """Every change of what this process has, from this call on, until it stops. See bot.core.subscriptions."""
        return self._broadcaster.subscribe()

    async def finished(self, number: int, subscription: AsyncIterator[Retraining]) -> Retraining:
        """Wait for its end in a subscription from before it began."""
        async for news in subscription:
            if news.id == number and news.status.final:
                return news
        raise TrainerError("the bot stopped before the retraining was done: it goes on after the next start")

    async def undelivered(self, platform: str) -> list[Retraining]:
        """Those of a platform whose message does not show their end, as far as they are now."""
        return [self._newest(each) for each in await self.store.retrainings.undelivered(platform)]

    async def claim_delivery(self, number: int) -> bool:
        """Whether this process is to show the end of one: not where its message does, or another that lives is to."""
        return await retry_while_unavailable(
            self.store.retrainings.claim_delivery, number, self._runner, timedelta(seconds=self.lease)
        )

    async def delivered(self, number: int) -> None:
        """Its message shows the end, or cannot."""
        await self.store.retrainings.mark_delivered(number)

    def _workers(self, versions: Collection[Version]) -> tuple[Health, ...]:
        def held(health: Health) -> tuple[int, ...]:
            return tuple(version.number for version in versions if version.sha256 in health.held)

        return tuple(replace(health, versions=held(health)) for health in self.workers())

    async def _there(self, version: Version) -> bool:
        """Whether its file is: here, as it should be, or in a database that others work on too."""
        if await asyncio.to_thread(digest, Path(version.path)) == version.sha256:
            return True
        return self.shared and (version.number == 1 or await self.store.checkpoints.load(version.sha256) is not None)

    def _newest(self, found: Retraining) -> Retraining:
        """What this process knows of one that it has is newer than the row."""
        mine = self._training.now if self._training and not self._training.done else found
        return mine if mine.id == found.id and not found.status.final else found

    def _checked(self, minimum_votes: int | None) -> int:
        wanted = self.minimum_votes if minimum_votes is None else minimum_votes
        if not 1 <= wanted <= MOST_VOTES:
            raise BadRequest(f"minimum votes is {str(wanted)[:20]}: choose 1 to {MOST_VOTES:,}")
        return wanted

    def _enough(self, votes: int, options: Options) -> None:
        if votes < options.minimum_votes:
            there = "is one vote" if votes == 1 else f"are {votes} votes"
            needed = f"a retraining needs at least {options.minimum_votes}"
            raise BadRequest(f"there {there} to learn from, and {needed}; votes on one's own tunes do not count")

    async def _attend(self) -> None:
        """Run what begins here, and go on with what this bot, or one that was killed, left, or loses meanwhile."""
        await self._go_on()
        while True:
            try:
                async with asyncio.timeout(self.lease):
                    found = await self._begun.get()
            except TimeoutError:
                await self._go_on()
            else:
                await self._run(found)

    def _queue(self, found: Retraining) -> None:
        self._queued.add(found.id)
        self._begun.put_nowait(found)

    async def _run(self, found: Retraining) -> None:
        if self._training:
            await self._training.ended()  # it may still tidy up
            if await self._cancelled(found):  # meanwhile, which was published
                self._queued.discard(found.id)
                return
        rest = self.cache, self.voters, self.keep, self.lease, self._runner, self._broadcaster.publish, self.shared
        self._broadcaster.publish(found)
        self._queued.discard(found.id)
        self._training = RetrainingRun(RunContext(self.store, self.trainer, CandidateFiles(self.folder), *rest), found)

    async def _cancelled(self, found: Retraining) -> bool:
        with suppress(StoreError):  # it finds out by itself
            now = await self.store.retrainings.load(found.id)
            return now is not None and now.status is RetrainingStatus.CANCELLED
        return False

    async def _go_on(self) -> None:
        try:
            if self.adopts and (found := await self._adopted()):
                await self._run(found)
        except StoreError as error:
            log.warning("cannot look for interrupted retrainings: %s", error)

    async def _adopted(self) -> Retraining | None:
        """What was interrupted and is this process's now; what a command left that was killed has failed."""
        retrainings = self.store.retrainings
        found = await retrainings.unfinished()
        if found is None or self.here(found.id) or not (self.adopts or found.platform == _CLI):
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
