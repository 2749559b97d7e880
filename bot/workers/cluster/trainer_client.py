"""Retraining on another machine, from the bot's side; `bot/workers/agent/training.py` is the worker's."""

import asyncio
import hashlib
import itertools
import json
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bot.core.errors import BadRequest, TrainerError, WorkerError
from bot.workers import Workers
from bot.workers.cluster.connection import BrokerUnavailable, ConnectionState
from bot.workers.cluster.files import read_whole
from bot.workers.cluster.jobs import TIMINGS, Broker, BrokerTimings
from bot.workers.cluster.messages import TrainingOutcome
from bot.workers.cluster.trainings import TrainingState
from bot.workers.local.trainer import PROOF_TIMEOUT, Trainer
from bot.workers.training_job import TrainingJob
from model.errors import InputError
from model.files import write_atomically
from model.prompt import parse_prompt
from model.retraining.protocol import Step
from model.worker.protocol import Job

ATTEMPTS = 3  # workers that one training may take down

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RemoteTrainer:
    """Has a worker make candidates, and all workers test them; `local` makes them where no worker trains.

    While Redis is unavailable it waits. When the worker of a training has gone, another begins it anew. What comes back
    is verified by its hash. A worker that was silent for `lease` seconds counts as gone. Redis is asked every `poll`
    seconds; a finished candidate has to come within `candidate_timeout`. The bot trains itself once no worker has
    trained for `alone_after`.
    """

    url: str = field(repr=False)
    local: Trainer
    workers: Workers
    lease: float = 15.0
    poll: float = 1.0
    candidate_timeout: float = 60.0
    alone_after: float = 5.0
    timings: BrokerTimings = TIMINGS
    _names: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1), repr=False)
    _bot: str = field(default_factory=lambda: secrets.token_hex(8))

    async def finetune(self, job: TrainingJob, on_step: Callable[[Step], None]) -> None:
        """Make a candidate and its report; `on_step` is called with each step.

        BadRequest for input that the trainer refuses, TrainerError for its failures, each with its own last line.
        """
        broker = Broker(self.url, timings=self.timings)
        training = _Training(self, broker, f"{self._bot}.{next(self._names)}", on_step)
        try:
            async with asyncio.timeout(ATTEMPTS * self.local.deadline):
                result = await training.result(await asyncio.to_thread(_Inputs.of, job, self.local))
        except TimeoutError as error:
            raise TrainerError(f"no worker had this done within {ATTEMPTS * self.local.deadline:g} s") from error
        finally:
            await training.forget()
            await broker.close()
        if result:
            await asyncio.to_thread(_write, job, result)
            return
        log.warning("no worker trains just now: the bot trains beside itself")
        await self.local.finetune(job, on_step)

    async def prove(self, candidate: Path) -> None:
        """Have any worker compose a tune with a candidate, an absolute path.

        TrainerError where it cannot be used, as when its weights are no numbers.
        """
        sha256 = await asyncio.to_thread(lambda: hashlib.sha256(candidate.read_bytes()).hexdigest())
        prompt = parse_prompt("D", "reel", seed=1)
        try:
            async with asyncio.timeout(PROOF_TIMEOUT):
                event = await self.workers.compose(Job("proof", prompt, PROOF_TIMEOUT, str(candidate), sha256))
        except (WorkerError, TimeoutError) as error:
            reason = str(error) or f"no worker tried it within {PROOF_TIMEOUT:g} s"
            raise TrainerError(f"the candidate cannot be used: {reason}") from error
        if wrong := event.error or event.note.partition(": ")[2]:  # a note: another version composed in its place
            raise TrainerError(f"the candidate cannot be used: {wrong}")


class _Inputs(NamedTuple):
    """A training as workers read it, JSON, and where its files are by their hashes."""

    text: str
    files: dict[str, Path]

    @classmethod
    def of(cls, job: TrainingJob, limits: Trainer) -> "_Inputs":
        """TrainerError for a file that cannot be read. Blocks."""
        base = job.base_sha256 or _digest(job.base)
        baseline = (job.baseline_sha256 or _digest(job.baseline)) if job.baseline else ""
        votes = _digest(job.votes)
        inputs = {"base": base, "baseline": baseline, "votes": votes, "seed": job.seed}
        inputs |= {"deadline": limits.deadline, "silence": limits.silence}
        files = {base: job.base, votes: job.votes} | ({baseline: job.baseline} if job.baseline else {})
        return cls(json.dumps(inputs), files)


class _Result(NamedTuple):
    """What the trainer left."""

    report: str | None
    candidate: bytes | None


@dataclass
class _Training:
    """One training as workers find it in Redis, until it is forgotten."""

    trainer: RemoteTrainer
    broker: Broker
    name: str
    on_step: Callable[[Step], None]
    _worker: str = ""
    _alone_since: float | None = None  # no worker was found that trains
    _done_since: float | None = None

    def __post_init__(self) -> None:
        self._connection = ConnectionState(self.broker.address, "the training waits until it is available")

    async def result(self, inputs: _Inputs) -> _Result | None:
        """Report and candidate; None where no worker trains. BadRequest, TrainerError."""
        while True:
            try:
                state = await self.broker.trainings.offer(self.name, inputs.text)
                await self._upload(inputs.files)
                self._on_state(state)
                if state.outcome:
                    if result := await self._result(state.outcome):
                        return result
                elif not state.held and await self._is_alone():
                    return None
            except BrokerUnavailable as error:
                self._alone_since = None
                self._connection.lost(error)
            await asyncio.sleep(self.trainer.poll)

    async def forget(self) -> None:
        with suppress(BrokerUnavailable):  # it expires by itself, since nobody renews it
            await self.broker.trainings.forget(self.name)

    async def _upload(self, files: dict[str, Path]) -> None:
        for sha256 in files.keys() & await self.broker.files.requested():
            if data := await asyncio.to_thread(read_whole, files[sha256], sha256):
                await self.broker.files.upload(sha256, data)

    def _on_state(self, state: TrainingState) -> None:
        self._connection.restored()
        if state.held:
            self._alone_since = None
        for step in state.steps:
            self.on_step(step)
        if state.worker not in ("", self._worker):
            log.warning("the training is with worker %s", state.worker)
            self._worker = state.worker
        if state.claims > ATTEMPTS:
            raise TrainerError(f"{ATTEMPTS} workers went down while this was under way")

    async def _is_alone(self) -> bool:
        """Whether no worker has trained for a while. Redis may just have come back, and workers have yet to say so."""
        workers = (await self.broker.workers()).values()
        lease, protocol = self.trainer.lease, self.broker.protocol
        now = asyncio.get_running_loop().time()
        if any(each.trains and each.seen < lease and each.protocol == protocol for each in workers):
            self._alone_since = None
            return False
        self._alone_since = self._alone_since or now
        return now - self._alone_since >= self.trainer.alone_after

    async def _result(self, outcome: TrainingOutcome) -> _Result | None:
        """What an outcome is about; None while the candidate has yet to come."""
        if outcome.error:
            raise (BadRequest if outcome.input else TrainerError)(outcome.error)
        report, sha256 = outcome.report, outcome.sha256
        if not sha256:
            return _Result(report, None)
        data = await self.broker.files.download(sha256)
        if data is not None and hashlib.sha256(data).hexdigest() == sha256:
            await self.broker.files.remove(sha256)
            return _Result(report, data)
        if data is not None:
            log.error("the candidate was damaged on the way; asking for it again")
            await self.broker.files.discard(sha256)
        await self._request(sha256)
        return None

    async def _request(self, sha256: str) -> None:
        now, timeout = asyncio.get_running_loop().time(), self.trainer.candidate_timeout
        self._done_since = self._done_since or now
        if now - self._done_since > timeout:
            await self.broker.files.remove(sha256)
            raise TrainerError(f"worker {self._worker} did not bring its candidate within {timeout:g} s")
        await self.broker.files.request(sha256)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise TrainerError(f"cannot read {path}: {error.strerror}") from error


def _write(job: TrainingJob, result: _Result) -> None:
    """Each file whole or not at all, the report last. TrainerError. Blocks."""
    report = None if result.report is None else result.report.encode()
    try:
        for path, data in ((job.out, result.candidate), (job.report, report)):
            if data is not None:
                write_atomically(path, data)
    except InputError as error:
        raise TrainerError(str(error)) from error
