"""Retraining for bots on other machines: a worker's end. `bot/workers/cluster/trainer_client.py` is the bot's."""

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
from bot.workers.agent.checkpoint_cache import Cache
from bot.workers.cluster.files import BrokerUnavailable, retry_while_unavailable
from bot.workers.cluster.jobs import Broker
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step

EVERY = 1.0  # seconds between two signs of life
UNWANTED = 3.0  # seconds that nobody has to want it: a bot may have yet to find a Redis that forgot everything
HESITATION = 30.0  # seconds that a training waits for a worker with a GPU, where there is one
LEFT_ALONE = 86_400  # seconds
CANDIDATE = "candidate.safetensors"
_LARGEST = 2_000_000  # bytes of a report

log = logging.getLogger(__name__)


@dataclass
class TrainingAgent:
    """Takes trainings of all bots at one Redis, one at a time; without `anywhere` only where there is a GPU.

    It runs each with `trainer`, at low priority, and says every second how far it is. It ends one that no bot wants any
    more, within seconds. Another worker has it after `lease` seconds without a sign of life. `folder` keeps what is the
    same the next time.
    """

    broker: Broker
    cache: Cache
    folder: Path
    anywhere: bool = False
    trainer: Trainer = field(default_factory=Trainer)
    lease: float = 15.0
    _holder: str = field(default_factory=lambda: secrets.token_hex(8))

    def willing(self, worker: Health) -> bool:
        """Whether a worker as this one is takes trainings."""
        return self.anywhere or worker.on_gpu

    async def run(self, me: Callable[[], Health], others: Callable[[], Collection[Health]]) -> None:
        """Train until it is cancelled; `me` is the worker of which it is part, `others` are those that live beside."""
        while True:
            try:
                if self.willing(me()):
                    await self._look(me(), others())
            except BrokerUnavailable:
                pass  # the worker says so
            except Exception:  # it must not take along what composes
                log.exception("a training went wrong")
            await asyncio.sleep(EVERY)

    async def _look(self, me: Health, others: Collection[Health]) -> None:
        better = not me.on_gpu and any(other.trains and other.on_gpu for other in others)
        for name in await self.broker.trainings.names():
            after = HESITATION if better else 0.0
            if text := await self.broker.trainings.take(name, self._holder, me.name, self.lease, after):
                log.warning("training %s begins here", name)
                await self._train(name, json.loads(text))

    async def _train(self, name: str, wanted: dict[str, Any]) -> None:
        place = await asyncio.to_thread(_room, self.folder / "training")
        kept = _Kept(self.broker, name, self._holder, self.lease)
        work = asyncio.create_task(self._make(kept, wanted, place), name=f"training {name}")
        try:
            while not work.done() and await kept.still():
                await asyncio.wait({work}, timeout=EVERY)
            log.warning("training %s is over here", name)
            if work.done():
                work.result()
        except asyncio.CancelledError:  # this worker stops
            with suppress(BrokerUnavailable):
                await self.broker.trainings.give_back(name, self._holder)
            raise
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    async def _make(self, kept: "_Kept", wanted: dict[str, Any], place: Path) -> None:
        """Train, bring the candidate, then the outcome; bring it again, should it not come whole, until it is ended."""
        outcome = await self._outcome(wanted, place, kept.steps.append)
        sha256 = outcome.get("sha256", "")
        data = await asyncio.to_thread((place / CANDIDATE).read_bytes) if sha256 else b""
        told = False
        while True:
            with suppress(BrokerUnavailable):
                if sha256 and (not told or sha256 in await self.broker.files.asked_for()):
                    await self.broker.files.bring(sha256, data)
                if not told and await kept.still() and not kept.steps:  # the bot listens no more after the outcome
                    told = await self.broker.trainings.finish(kept.name, self._holder, outcome)
            await asyncio.sleep(EVERY)

    async def _outcome(self, wanted: dict[str, Any], place: Path, heard: Callable[[Step], None]) -> dict[str, Any]:
        try:
            work = await self._work(wanted, place)
            limits = {"deadline": wanted["deadline"], "silence": wanted["silence"]}
            await replace(self.trainer, **limits).finetune(work, heard)
            return await asyncio.to_thread(_found, work)
        except (BadRequest, TrainerError, WorkerError) as error:
            return {"error": str(error), "input": isinstance(error, BadRequest)}
        except Exception as error:
            log.exception("a training failed")
            line = f"something broke at the worker's ({type(error).__name__}); its log has it"
            return {"error": line, "input": False}

    async def _work(self, wanted: dict[str, Any], place: Path) -> TrainingJob:
        """All that it is made of, fetched where it is not here. WorkerError."""
        base = await retry_while_unavailable(lambda: self.cache.path(wanted["base"]))
        baseline = (
            await retry_while_unavailable(lambda: self.cache.path(wanted["baseline"])) if wanted["baseline"] else None
        )
        votes = place / "votes.jsonl"
        await asyncio.to_thread(
            votes.write_bytes, await retry_while_unavailable(lambda: self.cache.fetch(wanted["votes"]))
        )
        made = place / CANDIDATE, place / "report.json"
        return TrainingJob(base, votes, *made, self.folder, wanted["seed"], baseline)


@dataclass
class _Kept:
    """A training that this worker has, as long as a bot wants it. `steps` are told with the next sign of life."""

    broker: Broker
    name: str
    holder: str
    lease: float
    steps: list[Step] = field(default_factory=list)
    _unwanted_since: float | None = None
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)  # each step is told once

    async def still(self) -> bool:
        """Give a sign of life; whether it is still wanted here, also while Redis does not say."""
        async with self._telling:
            return await self._still()

    async def _still(self) -> bool:
        steps = self.steps[:]
        try:
            wanted = await self.broker.trainings.keep(self.name, self.holder, self.lease, steps)
        except BrokerUnavailable:
            return True
        if wanted:
            del self.steps[: len(steps)]
            self._unwanted_since = None
            return True
        now = asyncio.get_running_loop().time()
        self._unwanted_since = self._unwanted_since or now
        return now - self._unwanted_since < UNWANTED


def _room(folder: Path) -> Path:
    """A new folder in `folder`; what workers that were killed have left there long ago goes. Blocks."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > LEFT_ALONE:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=folder))


def _found(work: TrainingJob) -> dict[str, Any]:
    """What the trainer left; the bot judges it. Blocks."""
    report = work.report.read_bytes()[:_LARGEST].decode(errors="replace") if work.report.is_file() else None
    sha256 = hashlib.sha256(work.out.read_bytes()).hexdigest() if work.out.is_file() else ""
    return {"report": report, "sha256": sha256}
