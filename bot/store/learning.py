"""The part of the store that learning from votes needs: votes, retrainings, and the votes on each version's tunes."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from bot.core.retraining import Options, Retraining, RetrainingProgress, RetrainingStatus
from bot.core.values import NOWHERE, Message, Place, Version
from bot.store import retrainings, training_votes, versions
from bot.store.database import Database
from model.retraining.protocol import TrainingExample, Vote

PAGE = 2000  # votes, or tunes, that are read at once: between two pages others have their turn


class Learning:
    """`Store.learning`. A retraining belongs to a `runner`, a process; what changes one is refused to all others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_votes(self, platforms: Collection[str], most: int) -> int:
        """How many votes there are to learn from, counted no further than `most`; own ones are none."""
        return await self._database.read(training_votes.count, platforms, most)

    async def votes(self, platforms: Collection[str], most: int) -> list[Vote]:
        """Votes of members of these platforms on tunes that are not deleted, at most so many, newest tunes first."""
        found: list[Vote] = []
        after = training_votes.FIRST
        while len(found) < most:
            page = await self._database.read(training_votes.page, platforms, after, min(PAGE, most - len(found)))
            if not page:
                break
            found += page
            after = page[-1].tune, page[-1].member
        return found

    async def training_examples(self, weights: Mapping[int, float]) -> AsyncIterator[list[TrainingExample]]:
        """The tunes with these ids and weights in pages, lowest id first, but for those that were deleted meanwhile."""
        ids = iter(sorted(weights))
        while page := list(islice(ids, PAGE)):
            yield await self._database.read(training_votes.examples, {tune: weights[tune] for tune in page})

    async def begin(
        self, place: Place, options: Options, base: int, runner: str, message: Message = NOWHERE
    ) -> Retraining:
        """Store a retraining as queued, for `runner`, and tell the audit. Busy where another is open."""
        return await self._database.write(retrainings.begin, place, options, base, runner, message)

    async def opened(self) -> Retraining | None:
        """The retraining that has not ended."""
        return await self._database.read(retrainings.opened)

    async def retraining(self, number: int) -> Retraining | None:
        return await self._database.read(retrainings.load, number)

    async def latest(self, limit: int = 1) -> list[Retraining]:
        """The last retrainings, newest first."""
        return await self._database.read(retrainings.latest, limit)

    async def adopt(self, runner: str, silence: timedelta) -> Retraining | None:
        """Give the open retraining to `runner` if nobody has it, or who had it gave no sign of life for so long."""
        return await self._database.write(retrainings.adopt, runner, silence)

    async def started(self, number: int, runner: str, votes: int, tunes: int) -> Retraining | None:
        """It runs, and learns from so much: one more attempt. None where it is not `runner`'s any more."""
        return await self._database.write(retrainings.started, number, runner, votes, tunes)

    async def keep(self, number: int, runner: str, progress: RetrainingProgress) -> bool:
        """A sign of life, with how far it is. False where it is not `runner`'s any more."""
        return await self._database.write(retrainings.keep, number, runner, progress)

    async def release(self, number: int, runner: str) -> bool:
        """Leave it to whoever starts next. False where it is not `runner`'s any more, or has ended."""
        return await self._database.write(retrainings.release, number, runner)

    async def end(self, number: int, runner: str, status: RetrainingStatus, **found: Any) -> Retraining | None:
        """Its final state, with the columns that were found out. None where it is not `runner`'s any more."""
        return await self._database.write(retrainings.end, number, runner, status, found)

    async def promote(
        self, number: int, runner: str, name: str, note: str, **found: Any
    ) -> tuple[Retraining, Version] | None:
        """Make the candidate in `found` a version, and use it unless another was chosen meanwhile, in one transaction.

        None, and nothing changes, where the retraining is not `runner`'s any more.
        """
        return await self._database.write(retrainings.promote, number, runner, name, note, found)

    async def cancel(self, place: Place) -> Retraining | None:
        """Cancel the open retraining, whoever has it, and tell the audit; None where there is none."""
        return await self._database.write(retrainings.cancel, place)

    async def delivered(self, number: int) -> None:
        """Its message shows the end."""
        await self._database.write(retrainings.delivered, number)

    async def delivers(self, number: int, runner: str, silence: timedelta) -> bool:
        """Have the delivery of one that has ended; False where it was delivered, or another living process has it."""
        return await self._database.write(retrainings.delivers, number, runner, silence)

    async def undelivered(self, platform: str) -> list[Retraining]:
        """Those of a platform whose message does not show their end, oldest first."""
        return await self._database.read(retrainings.undelivered, platform)

    async def counts(self) -> dict[int, tuple[int, int]]:
        """The votes up and down on the tunes of each version that has any."""
        return await self._database.read(versions.counts)

    async def prune(self, numbers: Collection[int]) -> list[Version]:
        """Those of these versions whose files may go from now on: never version 1's, nor that of the one in use."""
        return await self._database.write(versions.prune, numbers)
