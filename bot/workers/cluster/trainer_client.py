"""Retraining on another machine: the bot's end. `bot/workers/agent/training.py` is the worker's."""

import asyncio
import hashlib
import itertools
import json
import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.errors import BadRequest, TrainerError, WorkerError
from bot.workers import Workers
from bot.workers.cluster.files import BrokerUnavailable, read_whole
from bot.workers.cluster.jobs import Broker
from bot.workers.cluster.trainings import TrainingState
from bot.workers.local.trainer import PROOF_WITHIN, Trainer
from bot.workers.training_job import TrainingJob
from model.prompt import parse_prompt
from model.retraining.protocol import Step
from model.worker.protocol import Job

EVERY = 1.0  # seconds between two looks at how far it is
ATTEMPTS = 3  # workers that one training may take down
PATIENCE = 60.0  # seconds that a candidate may take to come once it is there
NOBODY = 5.0  # seconds without a worker that trains, after which the bot does it itself

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteTrainer:
    """Has a worker make candidates, and all workers try them; `local` makes them where no worker trains.

    While Redis is away it waits. A training whose worker has gone is another's, from its beginning. What comes back is
    what its hash says. A worker that was silent for `lease` seconds counts as gone.
    """

    url: str = field(repr=False)
    local: Trainer
    workers: Workers
    lease: float = 15.0
    _names: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1), repr=False)
    _bot: str = field(default_factory=lambda: secrets.token_hex(8))

    async def finetune(self, work: TrainingJob, heard: Callable[[Step], None]) -> None:
        """Make a candidate and its report; `heard` is told of each step.

        BadRequest for input that the trainer refuses, TrainerError for its failures, each with its own last line.
        """
        broker = Broker(self.url)
        training = _Training(broker, f"{self._bot}.{next(self._names)}", self.lease, heard)
        try:
            made = await training.made(await asyncio.to_thread(_described, work, self.local))
        finally:
            await training.forget()
            await broker.close()
        if made:
            await asyncio.to_thread(_write, work, *made)
            return
        log.warning("no worker trains just now: the bot trains beside itself")
        await self.local.finetune(work, heard)

    async def prove(self, candidate: Path) -> None:
        """Have any worker compose a tune with a candidate, an absolute path.

        TrainerError where it cannot be used, as when its weights are no numbers.
        """
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(candidate.read_bytes()).hexdigest())
        prompt = parse_prompt("D", "reel", seed=1)
        try:
            async with asyncio.timeout(PROOF_WITHIN):
                event = await self.workers.compose(Job("proof", prompt, PROOF_WITHIN, str(candidate), sha256))
        except (WorkerError, TimeoutError) as error:
            reason = str(error) or f"no worker tried it within {PROOF_WITHIN:g} s"
            raise TrainerError(f"the candidate cannot be used: {reason}") from error
        if wrong := event.error or event.note.partition(": ")[2]:  # a note says that another version composed
            raise TrainerError(f"the candidate cannot be used: {wrong}")


@dataclass
class _Training:
    """One training as workers find it in Redis, until it is forgotten."""

    broker: Broker
    name: str
    lease: float
    heard: Callable[[Step], None]
    _worker: str = ""
    _alone_since: float | None = None  # when no worker was found that trains
    _done_since: float | None = None
    _away: bool = False

    async def made(self, described: tuple[str, dict[str, Path]]) -> tuple[str | None, bytes | None] | None:
        """Report and candidate, where the trainer left them; None where no worker trains. BadRequest, TrainerError."""
        text, files = described
        while True:
            try:
                standing = await self.broker.trainings.offer(self.name, text)
                await self._bring(files)
                self._take_note(standing)
                if standing.outcome:
                    if made := await self._found(standing.outcome):
                        return made
                elif not standing.held and await self._alone():
                    return None
            except BrokerUnavailable as error:
                self._lost(error)
            await asyncio.sleep(EVERY)

    async def forget(self) -> None:
        with suppress(BrokerUnavailable):  # it ends by itself, since nobody wants it
            await self.broker.trainings.forget(self.name)

    async def _bring(self, files: dict[str, Path]) -> None:
        for sha256 in files.keys() & await self.broker.files.asked_for():
            if data := await asyncio.to_thread(read_whole, files[sha256], sha256):
                await self.broker.files.bring(sha256, data)

    def _take_note(self, standing: TrainingState) -> None:
        self._away = False
        if standing.held:
            self._alone_since = None
        for step in standing.steps:
            self.heard(step)
        if standing.worker not in ("", self._worker):
            log.warning("the training is with worker %s", standing.worker)
            self._worker = standing.worker
        if standing.taken > ATTEMPTS:
            raise TrainerError(f"{ATTEMPTS} workers went down while this was under way")

    async def _alone(self) -> bool:
        """Whether no worker has trained for a while. Redis may just have come back, and workers have yet to say so."""
        known = (await self.broker.workers()).values()
        now = asyncio.get_running_loop().time()
        if any(each.trains and each.seen < self.lease and each.protocol == self.broker.protocol for each in known):
            self._alone_since = None
            return False
        self._alone_since = self._alone_since or now
        return now - self._alone_since >= NOBODY

    async def _found(self, outcome: dict[str, Any]) -> tuple[str | None, bytes | None] | None:
        """Report and candidate, where there are any; None while the candidate has yet to come."""
        if "error" in outcome:
            raise (BadRequest if outcome["input"] else TrainerError)(outcome["error"])
        report, sha256 = outcome["report"], outcome["sha256"]
        if not sha256:
            return report, None
        data = await self.broker.files.get(sha256)
        if data is not None and hashlib.sha256(data).hexdigest() == sha256:
            await self.broker.files.remove(sha256)
            return report, data
        if data is not None:
            log.error("the candidate did not come whole; asking again")
            await self.broker.files.drop(sha256)
        now = asyncio.get_running_loop().time()
        self._done_since = self._done_since or now
        if now - self._done_since > PATIENCE:
            await self.broker.files.remove(sha256)
            raise TrainerError(f"worker {self._worker} did not bring its candidate within {PATIENCE:g} s")
        await self.broker.files.ask_for(sha256)
        return None

    def _lost(self, error: BrokerUnavailable) -> None:
        self._alone_since = None
        if not self._away:
            log.warning("the training waits for Redis at %s (%s)", self.broker.address, error)
        self._away = True


def _described(work: TrainingJob, limits: Trainer) -> tuple[str, dict[str, Path]]:
    """A training as JSON, and where its files are by their hashes. Blocks."""
    base = work.base_sha256 or _digest(work.base)
    baseline = (work.baseline_sha256 or _digest(work.baseline)) if work.baseline else ""
    votes = _digest(work.votes)
    said = {"base": base, "baseline": baseline, "votes": votes, "seed": work.seed}
    said |= {"deadline": limits.deadline, "silence": limits.silence}
    files = {base: work.base, votes: work.votes} | ({baseline: work.baseline} if work.baseline else {})
    return json.dumps(said), files


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainerError(f"cannot read {path}: {error.strerror}") from error


def _write(work: TrainingJob, report: str | None, candidate: bytes | None) -> None:
    """Each file whole or not at all, the report last. TrainerError."""
    try:
        said = None if report is None else report.encode()
        for path, data in ((work.out, candidate), (work.report, said)):
            if data is not None:
                unfinished = path.with_suffix(".part")
                unfinished.write_bytes(data)
                os.replace(unfinished, path)
    except OSError as error:
        raise TrainerError(f"cannot write what was learned: {error.strerror}") from error
