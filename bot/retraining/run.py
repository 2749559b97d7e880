"""One retraining in this process, from the votes to its end."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_chain, wait_fixed

from bot.core.errors import BadRequest, StoreError, TrainerError, TunesmithError
from bot.core.files import sha256_of
from bot.core.retraining import Retraining, RetrainingStatus
from bot.core.values import Version
from bot.retraining import report as reports
from bot.retraining import training_data, wording
from bot.retraining.candidate_files import CandidateFiles, RetrainingFiles
from bot.store import Store
from bot.workers import Trains
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step

MOST_ATTEMPTS = 3  # processes that one retraining may take down

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunContext:
    """What all retrainings of a process have in common. `voters` are platforms; `publish` is called with each change.

    The lease is renewed four times in `lease` seconds. Where the end cannot be stored, it is tried again after each of
    `retry_pauses`, in seconds.
    """

    store: Store
    trainer: Trains
    candidates: CandidateFiles
    cache: Path
    voters: Collection[str]
    lone: bool  # a member who is alone learns from votes on own tunes
    keep: int
    lease: float
    runner: str
    publish: Callable[[Retraining], None]
    shared: bool = False  # a version's file is kept in the database too
    retry_pauses: tuple[float, ...] = (1.0, 5.0, 15.0, 60.0)


class RetrainingRun:
    """Runs a retraining that this process has, stores its end and publishes its changes; `now` is the last of them."""

    def __init__(self, context: RunContext, retraining: Retraining) -> None:
        self.now = retraining
        self._context = context
        self._retrainings = context.store.retrainings
        self._lost: Retraining | None = None  # the state in which it was lost
        self._ending = False
        self._task = asyncio.create_task(self._run(), name=f"retraining {retraining.id}")

    @property
    def done(self) -> bool:
        return self._task.done()

    def lose(self, now: Retraining) -> None:
        """Stop: it was cancelled, or another process has it."""
        self._lost = now
        self._task.cancel()
        self._publish(now)

    async def stop(self) -> None:
        """Stop, and leave it to the next start."""
        self._task.cancel()
        await self.ended()

    async def ended(self) -> None:
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        renewing = asyncio.create_task(self._renew(), name=f"lease of retraining {self.now.id}")
        try:
            await self._train()
        except asyncio.CancelledError:
            await self._release()
            raise
        except TunesmithError as error:
            log.info("retraining %d failed: %s", self.now.id, error)
            await self._fail(str(error))
        except Exception:
            reference = secrets.token_hex(3)
            log.exception("retraining %d failed, reference %s", self.now.id, reference)
            await self._fail(f"something broke on our side; the log has it as {reference}")
        finally:
            renewing.cancel()

    async def _train(self) -> None:
        context, number = self._context, self.now.id
        files = await context.candidates.prepare(number)
        await context.candidates.remove([number])  # of an earlier attempt
        votes, tunes = await training_data.write(context.store, context.voters, files.votes, context.lone)
        started = await self._retrainings.start(number, context.runner, votes, tunes)
        if started is None:  # cancelled in this moment, or another process has it, perhaps with the same folder
            found = await self._retrainings.load(number)
            if found is None or found.status.final:
                await context.candidates.remove([number])
            return
        self._publish(started)
        if started.attempts > MOST_ATTEMPTS:
            raise TrainerError(f"the bot went down {MOST_ATTEMPTS} times while this was under way")
        if votes < started.options.minimum_votes:
            raise BadRequest(f"only {votes} votes are left to learn from, of {started.options.minimum_votes} needed")
        await context.trainer.finetune(await self._job(files), self._on_step)
        await self._check_candidate(files)

    async def _job(self, files: RetrainingFiles) -> TrainingJob:
        versions = {version.number: version for version in await self._context.store.versions.load_all()}
        base, first = versions[self.now.base], versions.get(1)
        return TrainingJob(
            base=await self._file(base),
            votes=files.votes,
            out=files.candidate,
            report=files.report,
            cache=self._context.cache,
            seed=self.now.id,
            baseline=await self._file(first) if first else None,
            base_sha256=base.sha256,
            baseline_sha256=first.sha256 if first else "",
        )

    async def _file(self, version: Version) -> Path:
        """The path of a version's file; one of another machine is written here from the database."""
        path = Path(version.path)
        here = not self._context.shared or await asyncio.to_thread(path.is_file)
        data = None if here else await self._context.store.checkpoints.load(version.sha256)
        if data:
            name = f"retraining-{self.now.id}.version-{version.number}.safetensors"  # removed with its candidate
            path = self._context.candidates.folder.absolute() / name
            try:
                await asyncio.to_thread(path.write_bytes, data)
            except OSError as error:
                raise TrainerError(f"cannot write {path}: {error.strerror}") from error
        return path

    async def _check_candidate(self, files: RetrainingFiles) -> None:
        """Store the end that report and candidate call for, once they agree, and a passed one has composed a tune."""
        data = await asyncio.to_thread(reports.read, files.report)
        sha256 = await asyncio.to_thread(sha256_of, files.candidate)
        report = reports.validated(data)
        if sha256 != report.sha256:
            raise TrainerError("the candidate is not the file that the trainer's report is about")
        status = RetrainingStatus.REFUSED
        if report.passed:
            status = RetrainingStatus.PASSED if self.now.options.dry_run else RetrainingStatus.PROMOTED
            await self._context.trainer.prove(files.candidate)
            if self._context.shared and status is RetrainingStatus.PROMOTED:
                weights = await asyncio.to_thread(files.candidate.read_bytes)
                await self._context.store.checkpoints.save(sha256, weights)
        if ended := await self._end(status, candidate=str(files.candidate), report=data, sha256=sha256):
            await self._prune()
            self._conclude(ended)

    async def _end(self, status: RetrainingStatus, **found: Any) -> Retraining | None:
        """Store the end. None where this process has lost it; StoreError after the last try."""
        self._ending = True
        pauses = self._context.retry_pauses
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(StoreError),
            wait=wait_chain(*map(wait_fixed, (*pauses, 0.0))),
            stop=stop_after_attempt(1 + len(pauses)),
            before_sleep=self._log_retry,
            reraise=True,
        )
        return await retrying(self._store_end, status, found)

    def _log_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.error("the end of retraining %d could not be stored: %s", self.now.id, error)

    async def _store_end(self, status: RetrainingStatus, found: dict[str, Any]) -> Retraining | None:
        number, runner = self.now.id, self._context.runner
        found = {**found, "progress": self.now.progress.to_json()}
        if status is not RetrainingStatus.PROMOTED:
            return await self._retrainings.end(number, runner, status, **found)
        note = wording.note(self.now)
        promoted = await self._retrainings.promote(number, runner, f"retraining-{number}", note, **found)
        return promoted[0] if promoted else None

    async def _prune(self) -> None:
        try:
            await self._context.candidates.prune(self._context.store, self._context.keep)
        except StoreError as error:
            log.warning("old versions are pruned next time: %s", error)

    def _conclude(self, ended: Retraining) -> None:
        log.info("retraining %d: %s", ended.id, wording.line(ended))
        self._publish(ended)

    async def _fail(self, error: str) -> None:
        """Store that it failed; its files are removed only after that."""
        if self.now.status.final:
            log.error("after retraining %d: %s", self.now.id, error)
            return
        try:
            if ended := await self._end(RetrainingStatus.FAILED, error=error):
                await self._context.candidates.remove([self.now.id])
                self._conclude(ended)
        except StoreError as store_error:
            log.error("retraining %d begins again once it can be stored: %s", self.now.id, store_error)

    async def _release(self) -> None:
        """Remove its files, unless another process has it, which may have the same folder."""
        number, cancelled = self.now.id, self._lost and self._lost.status is RetrainingStatus.CANCELLED
        if cancelled or (not self._lost and await self._retrainings.release(number, self._context.runner)):
            await self._context.candidates.remove([number])

    async def _renew(self) -> None:
        """Renew the lease, with the progress, until this process has lost it."""
        while True:
            await asyncio.sleep(self._context.lease / 4)
            try:
                renewed = await self._retrainings.renew(self.now.id, self._context.runner, self.now.progress)
                if renewed or self._ending:
                    continue
                found = await self._retrainings.load(self.now.id)
            except StoreError as error:
                log.warning("the lease of retraining %d could not be renewed: %s", self.now.id, error)
                continue
            self.lose(found or replace(self.now, status=RetrainingStatus.CANCELLED))
            return

    def _on_step(self, step: Step) -> None:
        self._publish(replace(self.now, progress=self.now.progress.after(step)))

    def _publish(self, now: Retraining) -> None:
        self.now = now
        self._context.publish(now)
