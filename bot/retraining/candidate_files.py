"""The files of retrainings: votes, candidate and report of each, and which of them stay on the disk."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import TrainerError
from bot.core.files import sha256_of
from bot.store import Store

_NAME = re.compile(r"retraining-(\d{1,18})\.")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetrainingFiles:
    """The paths of one retraining."""

    votes: Path
    candidate: Path
    report: Path


@dataclass(frozen=True)
class CandidateFiles:
    """A folder with the files of all retrainings, which their numbers name."""

    folder: Path

    async def prepare(self, number: int) -> RetrainingFiles:
        """The paths for a retraining, in a folder that exists. TrainerError."""
        try:
            await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise TrainerError(f"cannot make the folder {self.folder}: {error.strerror}") from error
        stem = (self.folder / f"retraining-{number}").absolute()
        return RetrainingFiles(
            votes=stem.with_suffix(".votes.jsonl"),
            candidate=stem.with_suffix(".safetensors"),
            report=stem.with_suffix(".report.json"),
        )

    async def find_moved(self, store: Store) -> None:
        """Register the new paths of versions whose files are here, after the folder was moved or renamed."""
        for version in await store.versions.load_all():
            here = self.folder.absolute() / Path(version.path).name
            if version.pruned_at or not _NAME.match(here.name) or version.path == str(here):
                continue
            if await asyncio.to_thread(sha256_of, here) == version.sha256:
                log.info("version %d is now %s", version.number, here)
                await store.versions.add(str(here), version.sha256, version.name, version.number, version.note)

    async def remove(self, numbers: Collection[int]) -> None:
        """Delete all files of these retrainings, also half-written ones of a killed process."""
        await asyncio.to_thread(self._remove, set(numbers))

    async def prune(self, store: Store, keep: int) -> None:
        """Keep the newest `keep` versions that retrainings made, and the newest `keep` candidates that became none.

        The shipped version, a file of the user's own, the version in use, and what an open retraining needs stay.
        """
        opened = await store.retrainings.unfinished()
        retrained = [each for each in await store.versions.load_all() if each.retraining_id and not each.pruned_at]
        old = {each.number for each in retrained[:-keep]} - ({opened.base} if opened else set())
        pruned_now = await store.versions.prune(old)
        known = await store.versions.load_all()
        left = [each for each in known if not each.pruned_at]
        for version in pruned_now:
            log.info("version %d was pruned", version.number)
            if version.sha256 not in {each.sha256 for each in left}:
                await store.checkpoints.remove(version.sha256)
        in_use = {each.retraining_id for each in left}
        pruned = {each.retraining_id for each in known if each.pruned_at}
        there = await asyncio.to_thread(self._numbers)
        spare = sorted(there - in_use - pruned - ({opened.id} if opened else set()))
        await self.remove((there & pruned) | set(spare[:-keep]))

    def _numbers(self) -> set[int]:
        return {int(match[1]) for path in self.folder.glob("retraining-*") if (match := _NAME.match(path.name))}

    def _remove(self, numbers: set[int]) -> None:
        for path in self.folder.glob("retraining-*"):
            if (match := _NAME.match(path.name)) and int(match[1]) in numbers:
                with contextlib.suppress(OSError):
                    path.unlink()
