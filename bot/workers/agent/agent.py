"""A worker on a machine of its own: it dials out to Redis, takes jobs as it has room, and has them composed there."""

import asyncio
import json
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.core.errors import WorkerError
from bot.workers import Workers
from bot.workers.agent.checkpoint_cache import Cache
from bot.workers.agent.training import TrainingAgent
from bot.workers.cluster.files import AGAIN, BrokerUnavailable, end, retry_while_unavailable
from bot.workers.cluster.jobs import Broker, Entry
from bot.workers.health import Health
from bot.workers.local.worker import ATTEMPTS
from model.errors import ModelError
from model.worker.protocol import Event, Job

BEAT = 1.0  # seconds between two signs of life
PREFERENCE = 2.0  # seconds that a job waits for a worker that holds its version
UNHEARD = 3.0  # seconds after which a job counts as given to us whose text never came
TELL_AFTER = 0.3
GRACE = 10.0  # seconds for what is in work when it is told to stop

log = logging.getLogger(__name__)


@dataclass
class Vitals:
    """What the process that composes says of itself."""

    device: str = ""
    memory: int = 0  # MiB

    def on_event(self, event: Event) -> None:
        if event.state == "alive":
            self.device, self.memory = event.device, event.memory


@dataclass
class WorkerAgent:
    """Serves the jobs of all bots at one Redis, up to `slots` at a time, with `local`.

    Jobs of versions that are here, or nowhere, are taken at once; others when they have waited a while. Those of
    workers that were silent for `lease` seconds are taken over. Only the first outcome of a job counts.
    """

    broker: Broker
    local: Workers
    cache: Cache
    name: str
    slots: int = 8
    lease: float = 15.0
    vitals: Vitals = field(default_factory=Vitals)
    training: TrainingAgent | None = None
    _consumer: str = field(default_factory=lambda: secrets.token_hex(8))
    _working: dict[tuple[str, str], tuple[Entry, asyncio.Task[None]]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)  # of versions that were composed with, by hash
    _peers: dict[str, Health] = field(default_factory=dict)
    _versions: set[str] = field(default_factory=set)
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _away: bool = False
    _stopping: bool = False
    _turn: int = 0

    async def run(self) -> None:
        """Work until it is cancelled; what is in work then gets a while. WorkerError for bots of another release."""
        await asyncio.to_thread(self.cache.find)
        self._room.set()
        tasks = [asyncio.create_task(self._live(), name="signs of life"), asyncio.create_task(self._take_jobs())]
        if self.training:
            tasks.append(asyncio.create_task(self.training.run(self._health, self._others), name="trainings"))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await end(tasks)
            await self._leave()
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _leave(self) -> None:
        """Finish what is nearly done, give back the rest, and be listed no more."""
        working = [task for _, task in self._working.values()]
        if working:
            await asyncio.wait(working, timeout=GRACE)
        self._stopping = True
        await end(working)
        with suppress(BrokerUnavailable):
            await self.broker.leave(self._consumer)

    async def _live(self) -> None:
        """Say that it lives, and see what has become of others and of its jobs."""
        while True:
            try:
                spoken = await self.broker.beat(self._consumer, self._health())
                if spoken is not None and spoken != self.broker.protocol:
                    raise WorkerError(
                        f"this worker speaks protocol {self.broker.protocol}, the bot {spoken}:"
                        " install the bot's release of Tunesmith here"
                    )
                self._peers = await self.broker.workers()
                self._versions = await self.broker.versions(self.cache.own)
                await self._drop_unwanted()
                if self._free() > 0:
                    await self._take_over()
                    await self._help_out()
            except BrokerUnavailable as error:
                self._lost(error)
            await asyncio.sleep(min(BEAT, self.lease / 5))

    async def _take_jobs(self) -> None:
        while True:
            await self._room.wait()
            versions = self._wanted_first()
            if not versions or not self.local.workers():  # its process is being started again: others may be quicker
                await asyncio.sleep(0.1)
                continue
            try:
                await self._take(versions)
                self._found()
            except BrokerUnavailable as error:
                self._lost(error)
                await asyncio.sleep(AGAIN)

    async def _take(self, versions: list[str]) -> None:
        """What waits, as much as there is room for; where nothing does, the next that comes."""
        found = False
        for version in versions:
            if self._free() <= 0:
                return
            for entry in await self.broker.take(self._consumer, [version], self._free(), wait=False):
                self._begin(entry)
                found = True
        if found:
            return
        for entry in await self.broker.take(self._consumer, versions, 1):
            if self._free() > 0:
                self._begin(entry)
            else:  # several came in the same moment
                await self.broker.give_back(entry)

    def _wanted_first(self) -> list[str]:
        """Versions that are here, or nowhere, each first in its turn."""
        elsewhere = {sha256 for name, peer in self._peers.items() if self._lives(name) for sha256 in peer.held}
        mine = sorted(self._versions - (elsewhere - self.cache.held()))
        self._turn += 1
        start = self._turn % len(mine) if mine else 0
        return mine[start:] + mine[:start]

    async def _take_over(self) -> None:
        """Claim jobs of workers that are gone, and those that were given to us when we could not hear."""
        for version in self._versions:
            for consumer, entry in await self.broker.held_by_others(version, min(UNHEARD, self.lease), 100):
                ours = consumer == self._consumer
                if self._free() <= 0 or (version, entry.place) in self._working or (not ours and self._lives(consumer)):
                    continue
                if claimed := await self.broker.claim(self._consumer, entry, UNHEARD if ours else self.lease):
                    log.warning("took over job %s", claimed.id)
                    self._begin(claimed)

    async def _help_out(self) -> None:
        """Take jobs that their versions' holders have no room for."""
        for version in self._versions - set(self._wanted_first()):
            if self._free() > 0 and await self.broker.waiting(version) > PREFERENCE:
                for entry in await self.broker.take(self._consumer, [version], 1, wait=False):
                    self._begin(entry)

    async def _drop_unwanted(self) -> None:
        names = {entry.id: task for entry, task in self._working.values()}
        for name in names.keys() - await self.broker.wanted(list(names)):
            names[name].cancel()

    def _begin(self, entry: Entry) -> None:
        key = entry.version, entry.place
        if key in self._working:
            return
        task = asyncio.create_task(self._work(entry), name=f"job {entry.id}")
        self._working[key] = entry, task
        task.add_done_callback(lambda _: self._ended(key))
        if self._free() <= 0:
            self._room.clear()

    def _ended(self, key: tuple[str, str]) -> None:
        self._working.pop(key, None)
        self._room.set()

    async def _work(self, entry: Entry) -> None:
        try:
            telling = asyncio.create_task(self._tell(entry))
            try:
                event = await self._outcome(entry)
            finally:
                telling.cancel()
            await retry_while_unavailable(lambda: self.broker.finish(entry, event.to_line()))
        except asyncio.CancelledError:
            if self._stopping:
                with suppress(BrokerUnavailable):
                    await self.broker.give_back(entry)
            raise
        except Exception:
            log.exception("job %s failed", entry.id)
            failed = Event(entry.id, "failed", error="something broke at the composer's", fault="internal")
            await retry_while_unavailable(lambda: self.broker.finish(entry, failed.to_line()))

    async def _tell(self, entry: Entry) -> None:
        """Tell the bot who has a job that takes a while."""
        await asyncio.sleep(TELL_AFTER)
        with suppress(BrokerUnavailable):
            await self.broker.tell(entry, self.name)

    async def _outcome(self, entry: Entry) -> Event:
        if entry.deliveries > ATTEMPTS:
            line = "the composer broke down on this prompt: try another seed"
            return Event(entry.id, "failed", error=line, fault="internal")
        try:
            job = Job.from_json(json.loads(entry.text))
            return await self.local.compose(replace(job, checkpoint=await self._checkpoint(job)))
        except (WorkerError, ModelError) as error:
            return Event(entry.id, "failed", error=str(error), fault="internal")

    async def _checkpoint(self, job: Job) -> str:
        """The path of its version here; one where nothing is makes the worker use its last good one, and say so."""
        if not job.sha256:
            return ""
        try:
            path = await retry_while_unavailable(lambda: self.cache.path(job.sha256))
        except WorkerError as error:
            log.error("job %s: %s", job.id, error)
            return str(self.cache.folder / job.sha256)
        self._numbers[job.sha256] = job.version
        return str(path)

    def _health(self) -> Health:
        held = self.cache.held()
        numbers = tuple(sorted(self._numbers[sha256] for sha256 in held if sha256 in self._numbers))
        said = self.name, self.broker.protocol, self.vitals.device, self.slots, max(0, self._free())
        health = Health(*said, tuple(sorted(held)), numbers, self.vitals.memory)
        return replace(health, trains=self.training.willing(health)) if self.training else health

    def _others(self) -> list[Health]:
        """The workers that live, beside this one."""
        return [peer for name, peer in self._peers.items() if name != self._consumer and self._lives(name)]

    def _free(self) -> int:
        return self.slots - len(self._working)

    def _lives(self, consumer: str) -> bool:
        peer = self._peers.get(consumer)
        return peer is not None and peer.seen < self.lease and peer.protocol == self.broker.protocol

    def _lost(self, error: BrokerUnavailable) -> None:
        if not self._away:
            log.error("Redis at %s is away (%s); trying again until it is back", self.broker.address, error)
        self._away = True

    def _found(self) -> None:
        if self._away:
            log.warning("Redis at %s is back", self.broker.address)
        self._away = False
