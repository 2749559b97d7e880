"""One retraining in this process, from the votes to its end."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.core.errors import BadRequest, StoreError, TrainerError, TunesmithError
from bot.core.retraining import Retraining, RetrainingStatus
from bot.core.values import Version
from bot.retraining import report as reports
from bot.retraining import training_data, wording
from bot.retraining.candidate_files import CandidateFiles, Files, digest
from bot.store import Store
from bot.workers import Trains
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step

MOST_ATTEMPTS = 3  # processes that one retraining may take down
_AGAIN = (1.0, 5.0, 15.0, 60.0)  # seconds before the end is stored once more, where that failed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunContext:
    """What all retrainings of a process have in common. `voters` are platforms; a sign of life comes often in `lease`.

    `tell` is called with each change.
    """

    store: Store
    trainer: Trains
    candidates: CandidateFiles
    cache: Path
    voters: Collection[str]
    keep: int
    lease: float
    runner: str
    tell: Callable[[Retraining], None]
    shared: bool = False  # a version's file is kept in the database too


class RetrainingRun:
    """Runs a retraining that is this process's, and stores and tells what comes of it. `now` is where it is."""

    def __init__(self, setting: RunContext, retraining: Retraining) -> None:
        self.now = retraining
        self._with = setting
        self._retrainings = setting.store.retrainings
        self._taken: Retraining | None = None  # as it is since it is no longer ours
        self._ending = False
        self._task = asyncio.create_task(self._run(), name=f"retraining {retraining.id}")

    @property
    def done(self) -> bool:
        return self._task.done()

    def take(self, now: Retraining) -> None:
        """It is not this process's any more: it was cancelled, or another has it."""
        self._taken = now
        self._task.cancel()
        self._say(now)

    async def stop(self) -> None:
        """The bot stops: leave it to the next start."""
        self._task.cancel()
        await self.ended()

    async def ended(self) -> None:
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        beat = asyncio.create_task(self._beat(), name=f"life of retraining {self.now.id}")
        try:
            await self._train()
        except asyncio.CancelledError:
            await self._leave()
            raise
        except TunesmithError as error:
            log.info("retraining %d failed: %s", self.now.id, error)
            await self._fail(str(error))
        except Exception:
            reference = secrets.token_hex(3)
            log.exception("retraining %d failed, reference %s", self.now.id, reference)
            await self._fail(f"something broke on our side; the log has it as {reference}")
        finally:
            beat.cancel()

    async def _train(self) -> None:
        number = self.now.id
        files = await self._with.candidates.make(number)
        await self._with.candidates.remove([number])  # of an earlier attempt
        votes, tunes = await training_data.write(self._with.store, self._with.voters, files.votes)
        started = await self._retrainings.start(number, self._with.runner, votes, tunes)
        if started is None:  # cancelled in this moment, or another's now, who may have the same folder
            found = await self._retrainings.load(number)
            if found is None or found.status.final:
                await self._with.candidates.remove([number])
            return
        self._say(started)
        if started.attempts > MOST_ATTEMPTS:
            raise TrainerError(f"the bot went down {MOST_ATTEMPTS} times while this was under way")
        if votes < started.options.minimum_votes:
            raise BadRequest(f"only {votes} votes are left to learn from, of {started.options.minimum_votes} needed")
        await self._with.trainer.finetune(await self._work(files), self._hear)
        await self._judge(files)

    async def _work(self, files: Files) -> TrainingJob:
        known = {version.number: version for version in await self._with.store.versions.load_all()}
        base, first = known[self.now.base], known.get(1)
        rest = files.candidate, files.report, self._with.cache, self.now.id
        hashes = base.sha256, first.sha256 if first else ""
        return TrainingJob(
            await self._file(base), files.votes, *rest, await self._file(first) if first else None, *hashes
        )

    async def _file(self, version: Version) -> Path:
        """Where a version's file is; another machine's comes from the database."""
        path = Path(version.path)
        here = not self._with.shared or await asyncio.to_thread(path.is_file)
        data = None if here else await self._with.store.checkpoints.load(version.sha256)
        if data:
            name = f"retraining-{self.now.id}.version-{version.number}.safetensors"  # goes when its candidate goes
            path = self._with.candidates.folder.absolute() / name
            try:
                await asyncio.to_thread(path.write_bytes, data)
            except OSError as error:
                raise TrainerError(f"cannot write {path}: {error.strerror}") from error
        return path

    async def _judge(self, files: Files) -> None:
        """Believe neither report nor file before they agree, and the candidate has composed a tune."""
        said = await asyncio.to_thread(reports.read, files.report)
        found = {"candidate": str(files.candidate), "report": said}
        found["sha256"] = await asyncio.to_thread(digest, files.candidate)
        report = reports.validated(said)
        if found["sha256"] != report.sha256:
            raise TrainerError("the candidate is not the file that the trainer's report is about")
        status = RetrainingStatus.PASSED if self.now.options.dry_run else RetrainingStatus.PROMOTED
        if report.passed:
            await self._with.trainer.prove(files.candidate)
            if self._with.shared and status is RetrainingStatus.PROMOTED:
                data = await asyncio.to_thread(files.candidate.read_bytes)
                await self._with.store.checkpoints.save(report.sha256, data)
        if ended := await self._end(status if report.passed else RetrainingStatus.REFUSED, **found):
            await self._make_room()
            self._conclude(ended)

    async def _end(self, status: RetrainingStatus, **found: Any) -> Retraining | None:
        """Store the end. None where it is not ours any more; StoreError after many tries."""
        self._ending = True
        for pause in _AGAIN:
            try:
                return await self._store_end(status, found)
            except StoreError as error:
                log.error("the end of retraining %d could not be stored: %s", self.now.id, error)
                await asyncio.sleep(pause)
        return await self._store_end(status, found)

    async def _make_room(self) -> None:
        try:
            await self._with.candidates.prune(self._with.store, self._with.keep)
        except StoreError as error:
            log.warning("old versions are pruned next time: %s", error)

    def _conclude(self, ended: Retraining) -> None:
        log.info("retraining %d: %s", ended.id, wording.line(ended))
        self._say(ended)

    async def _store_end(self, status: RetrainingStatus, found: dict[str, Any]) -> Retraining | None:
        number, runner = self.now.id, self._with.runner
        found = {**found, "progress": self.now.progress.to_json()}
        if status is not RetrainingStatus.PROMOTED:
            return await self._retrainings.end(number, runner, status, **found)
        note = wording.note(self.now)
        promoted = await self._retrainings.promote(number, runner, f"retraining-{number}", note, **found)
        return promoted[0] if promoted else None

    async def _fail(self, error: str) -> None:
        """Only once it is stored that nothing came of it may its files go."""
        if self.now.status.final:
            log.error("after retraining %d: %s", self.now.id, error)
            return
        try:
            if ended := await self._end(RetrainingStatus.FAILED, error=error):
                await self._with.candidates.remove([self.now.id])
                self._conclude(ended)
        except StoreError as gone:
            log.error("retraining %d begins again once it can be stored: %s", self.now.id, gone)

    async def _leave(self) -> None:
        number, cancelled = self.now.id, self._taken and self._taken.status is RetrainingStatus.CANCELLED
        if cancelled or (not self._taken and await self._retrainings.release(number, self._with.runner)):
            await self._with.candidates.remove([number])

    async def _beat(self) -> None:
        """Signs of life, with how far it is, until it is not ours any more."""
        while True:
            await asyncio.sleep(self._with.lease / 4)
            try:
                if await self._retrainings.renew(self.now.id, self._with.runner, self.now.progress) or self._ending:
                    continue
                found = await self._retrainings.load(self.now.id)
            except StoreError as error:
                log.warning("no sign of life of retraining %d could be stored: %s", self.now.id, error)
                continue
            self.take(found or replace(self.now, status=RetrainingStatus.CANCELLED))
            return

    def _hear(self, step: Step) -> None:
        self._say(replace(self.now, progress=self.now.progress.after(step)))

    def _say(self, now: Retraining) -> None:
        self.now = now
        self._with.tell(now)
