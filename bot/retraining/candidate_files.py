"""The files of retrainings: votes, candidate and report of each; which of them stay on the disk."""

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import TrainerError
from bot.store import Store

_NAME = re.compile(r"retraining-(\d{1,18})\.")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Files:
    """Where a retraining keeps what."""

    votes: Path
    candidate: Path
    report: Path


@dataclass(frozen=True)
class CandidateFiles:
    """A folder of them."""

    folder: Path

    async def make(self, number: int) -> Files:
        """Room for a retraining. TrainerError."""
        try:
            await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise TrainerError(f"cannot make the folder {self.folder}: {error.strerror}") from error
        stem = (self.folder / f"retraining-{number}").absolute()
        return Files(*(stem.with_suffix(f".{ending}") for ending in ("votes.jsonl", "safetensors", "report.json")))

    async def find_moved(self, store: Store) -> None:
        """Know the files of versions here after the folder was moved or renamed."""
        for version in await store.versions.load_all():
            here = self.folder.absolute() / Path(version.path).name
            if version.pruned_at or not _NAME.match(here.name) or version.path == str(here):
                continue
            if await asyncio.to_thread(digest, here) == version.sha256:
                log.info("version %d is now %s", version.number, here)
                await store.versions.add(str(here), version.sha256, version.name, version.number, version.note)

    async def remove(self, numbers: Collection[int]) -> None:
        """Delete all files of these retrainings, also what one that was killed left half written."""
        await asyncio.to_thread(self._remove, set(numbers))

    async def prune(self, store: Store, keep: int) -> None:
        """Keep the newest `keep` versions that were learned, and the newest `keep` candidates that became none.

        The shipped version, a file of the user's own, the version in use, and what an open retraining needs stay.
        """
        opened = await store.retrainings.unfinished()
        learned = [each for each in await store.versions.load_all() if each.retraining_id and not each.pruned_at]
        old = {each.number for each in learned[:-keep]} - ({opened.base} if opened else set())
        gone = await store.versions.prune(old)
        known = await store.versions.load_all()
        left = [each for each in known if not each.pruned_at]
        for version in gone:
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


def digest(path: Path) -> str:
    """The SHA-256 of a file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
