"""Retraining for bots on other machines, the worker's side; `bot/workers/cluster/trainer_client.py` is the bot's."""

import asyncio
import hashlib
import json
import logging
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.core.errors import BadRequest, TrainerError, WorkerError
from bot.workers.agent.checkpoint_cache import CheckpointCache
from bot.workers.agent.timings import AgentTimings
from bot.workers.cluster.connection import BrokerUnavailable, retry_while_unavailable
from bot.workers.cluster.jobs import Broker
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step

CANDIDATE = "candidate.safetensors"
_ABANDONED_AFTER = 86_400  # seconds
_LARGEST = 2_000_000  # bytes of a report

log = logging.getLogger(__name__)


@dataclass
class TrainingAgent:
    """Claims trainings of all bots at one Redis, one at a time; without `anywhere` only where there is a GPU.

    It runs each with `trainer`, at low priority, and reports progress with every heartbeat. It ends one that no bot
    wants any more, within seconds. Another worker claims it after `lease` seconds without a heartbeat. `folder` keeps
    what is the same the next time.
    """

    broker: Broker
    cache: CheckpointCache
    folder: Path
    anywhere: bool = False
    trainer: Trainer = field(default_factory=Trainer)
    lease: float = 15.0
    timings: AgentTimings = field(default_factory=AgentTimings)
    _holder: str = field(default_factory=lambda: secrets.token_hex(8))

    def accepts(self, worker: Health) -> bool:
        """Whether a worker like this one takes trainings."""
        return self.anywhere or worker.on_gpu

    async def run(self, worker: Callable[[], Health], others: Callable[[], Collection[Health]]) -> None:
        """Train until it is cancelled; `worker` is the one it is part of, `others` are those that are alive beside."""
        while True:
            try:
                if self.accepts(worker()):
                    await self._claim(worker(), others())
            except BrokerUnavailable:
                pass  # the worker logs it
            except Exception:  # composing must go on
                log.exception("a training went wrong")
            await asyncio.sleep(self.timings.training_heartbeat)

    async def _claim(self, worker: Health, others: Collection[Health]) -> None:
        has_better = not worker.on_gpu and any(other.trains and other.on_gpu for other in others)
        after = self.timings.training_preference if has_better else 0.0
        for name in await self.broker.trainings.names():
            if text := await self.broker.trainings.claim(name, self._holder, worker.name, self.lease, after):
                log.warning("training %s begins here", name)
                await self._train(name, json.loads(text))

    async def _train(self, name: str, inputs: dict[str, Any]) -> None:
        folder = await asyncio.to_thread(_new_folder, self.folder / "training")
        claim = _Claim(self.broker, name, self._holder, self.lease, self.timings.training_unwanted)
        work = asyncio.create_task(self._make(claim, inputs, folder), name=f"training {name}")
        try:
            while not work.done() and await claim.renew():
                await asyncio.wait({work}, timeout=self.timings.training_heartbeat)
            log.warning("training %s is over here", name)
            if work.done():
                work.result()
        except asyncio.CancelledError:  # this worker stops
            with suppress(BrokerUnavailable):
                await self.broker.trainings.release(name, self._holder)
            raise
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _make(self, claim: "_Claim", inputs: dict[str, Any], folder: Path) -> None:
        """Train, upload the candidate, then publish the outcome; upload it again on request, until cancelled."""
        outcome = await self._outcome(inputs, folder, claim.steps.append)
        sha256 = outcome.get("sha256", "")
        data = await asyncio.to_thread((folder / CANDIDATE).read_bytes) if sha256 else b""
        finished = False
        while True:
            with suppress(BrokerUnavailable):
                if sha256 and (not finished or sha256 in await self.broker.files.requested()):
                    await self.broker.files.upload(sha256, data)
                # all steps go first: the bot reads none after the outcome
                if not finished and await claim.renew() and not claim.steps:
                    finished = await self.broker.trainings.finish(claim.name, self._holder, outcome)
            await asyncio.sleep(self.timings.training_heartbeat)

    async def _outcome(self, inputs: dict[str, Any], folder: Path, on_step: Callable[[Step], None]) -> dict[str, Any]:
        try:
            job = await self._job(inputs, folder)
            limits = {"deadline": inputs["deadline"], "silence": inputs["silence"]}
            await replace(self.trainer, **limits).finetune(job, on_step)
            return await asyncio.to_thread(_result, job)
        except (BadRequest, TrainerError, WorkerError) as error:
            return {"error": str(error), "input": isinstance(error, BadRequest)}
        except Exception as error:
            log.exception("a training failed")
            line = f"something broke at the worker's ({type(error).__name__}); its log has it"
            return {"error": line, "input": False}

    async def _job(self, inputs: dict[str, Any], folder: Path) -> TrainingJob:
        """All inputs, fetched where they are not here. WorkerError."""
        base = await retry_while_unavailable(self.cache.path, inputs["base"])
        baseline = await retry_while_unavailable(self.cache.path, inputs["baseline"]) if inputs["baseline"] else None
        votes = folder / "votes.jsonl"
        await asyncio.to_thread(votes.write_bytes, await retry_while_unavailable(self.cache.fetch, inputs["votes"]))
        return TrainingJob(
            base=base,
            votes=votes,
            out=folder / CANDIDATE,
            report=folder / "report.json",
            cache=self.folder,
            seed=inputs["seed"],
            baseline=baseline,
        )


@dataclass
class _Claim:
    """A training that this worker has, until no bot has wanted it for `unwanted_after` seconds.

    `steps` are reported with the next renewal.
    """

    broker: Broker
    name: str
    holder: str
    lease: float
    unwanted_after: float
    steps: list[Step] = field(default_factory=list)
    _unwanted_since: float | None = None
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)  # each step is reported once

    async def renew(self) -> bool:
        """Renew the lease; whether the training is still wanted here, also while Redis is unavailable."""
        async with self._renewing:
            return await self._renew()

    async def _renew(self) -> bool:
        steps = self.steps[:]
        try:
            wanted = await self.broker.trainings.renew(self.name, self.holder, self.lease, steps)
        except BrokerUnavailable:
            return True
        if wanted:
            del self.steps[: len(steps)]
            self._unwanted_since = None
            return True
        now = asyncio.get_running_loop().time()
        self._unwanted_since = self._unwanted_since or now
        return now - self._unwanted_since < self.unwanted_after


def _new_folder(parent: Path) -> Path:
    """A new folder in `parent`; those that killed workers left there long ago are deleted. Blocks."""
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.iterdir():
        if time.time() - old.stat().st_mtime > _ABANDONED_AFTER:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=parent))


def _result(job: TrainingJob) -> dict[str, Any]:
    """What the trainer left; the bot validates it. Blocks."""
    report = job.report.read_bytes()[:_LARGEST].decode(errors="replace") if job.report.is_file() else None
    sha256 = hashlib.sha256(job.out.read_bytes()).hexdigest() if job.out.is_file() else ""
    return {"report": report, "sha256": sha256}
