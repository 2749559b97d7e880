"""A worker on a machine of its own: it connects to Redis, claims jobs as it has room, and has them composed there."""

import asyncio
import json
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.core.errors import WorkerError
from bot.workers import Workers
from bot.workers.agent.checkpoint_cache import CheckpointCache
from bot.workers.agent.timings import AgentTimings
from bot.workers.agent.training import TrainingAgent
from bot.workers.cluster.connection import (
    RETRY_AFTER,
    BrokerUnavailable,
    ConnectionState,
    end,
    retry_while_unavailable,
)
from bot.workers.cluster.jobs import Broker, Entry
from bot.workers.health import Health
from bot.workers.local.worker import ATTEMPTS
from model.errors import ModelError
from model.worker.protocol import Event, Job

_NO_ROOM_PAUSE = 0.1  # seconds before it is looked again whether there is a process to compose with

log = logging.getLogger(__name__)


@dataclass
class Vitals:
    """Device and memory of the process that composes, as its heartbeats have them."""

    device: str = ""
    memory: int = 0  # MiB

    def on_event(self, event: Event) -> None:
        if event.state == "alive":
            self.device, self.memory = event.device, event.memory


@dataclass
class WorkerAgent:
    """Serves the jobs of all bots at one Redis, up to `slots` at a time, with `local`.

    Jobs of versions that are here, or at no worker, are claimed at once; others when they have waited a while. Those of
    workers that were silent for `lease` seconds are taken over; a job that `attempts` workers died of fails. Only the
    first outcome of a job counts.
    """

    broker: Broker
    local: Workers
    cache: CheckpointCache
    name: str
    slots: int = 8
    lease: float = 15.0
    vitals: Vitals = field(default_factory=Vitals)
    training: TrainingAgent | None = None
    timings: AgentTimings = field(default_factory=AgentTimings)
    attempts: int = ATTEMPTS
    _consumer: str = field(default_factory=lambda: secrets.token_hex(8))
    _running: dict[tuple[str, str], tuple[Entry, asyncio.Task[None]]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)  # of versions that were composed with, by hash
    _peers: dict[str, Health] = field(default_factory=dict)
    _versions: set[str] = field(default_factory=set)
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _turn: int = 0

    def __post_init__(self) -> None:
        self._connection = ConnectionState(self.broker.address, "trying again until it is available")

    async def run(self) -> None:
        """Work until it is cancelled; jobs then get a while to finish. WorkerError for bots of another release."""
        await asyncio.to_thread(self.cache.load)
        self._room.set()
        tasks = [
            asyncio.create_task(self._send_heartbeats(), name="heartbeats"),
            asyncio.create_task(self._claim_jobs(), name="claims"),
        ]
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
        """Finish the jobs that are nearly done, release the others, and be listed no more."""
        running = [task for _, task in self._running.values()]
        if running:
            await asyncio.wait(running, timeout=self.timings.grace)
        self._stopping = True
        await end(running)
        with suppress(BrokerUnavailable):
            await self.broker.leave(self._consumer)

    async def _send_heartbeats(self) -> None:
        """Give signs of life, and learn what has become of other workers and of the jobs here."""
        while True:
            try:
                self._check_protocol(await self.broker.send_heartbeat(self._consumer, self._health()))
                self._peers = await self.broker.workers()
                self._versions = await self.broker.versions(self.cache.own)
                await self._cancel_unwanted()
                if self._free() > 0:
                    await self._take_over()
                    await self._relieve_full_workers()
            except BrokerUnavailable as error:
                self._connection.lost(error)
            await asyncio.sleep(min(self.timings.heartbeat, self.lease / 5))

    def _check_protocol(self, bots: int | None) -> None:
        if bots is not None and bots != self.broker.protocol:
            raise WorkerError(
                f"this worker speaks protocol {self.broker.protocol}, the bot {bots}:"
                " install the bot's release of Tunesmith here"
            )

    async def _claim_jobs(self) -> None:
        while True:
            await self._room.wait()
            versions = self._preferred_versions()
            if not versions or not self.local.workers():  # its process is being restarted: others may be quicker
                await asyncio.sleep(_NO_ROOM_PAUSE)
                continue
            try:
                await self._claim(versions)
                self._connection.restored()
            except BrokerUnavailable as error:
                self._connection.lost(error)
                await asyncio.sleep(RETRY_AFTER)

    async def _claim(self, versions: list[str]) -> None:
        """Claim as many jobs as there is room for; where there are none, wait for the next one."""
        claimed = False
        for version in versions:
            if self._free() <= 0:
                return
            for entry in await self.broker.claim(self._consumer, [version], self._free(), wait=False):
                self._start(entry)
                claimed = True
        if claimed:
            return
        for entry in await self.broker.claim(self._consumer, versions, 1):
            if self._free() > 0:
                self._start(entry)
            else:  # several came in the same moment
                await self.broker.release(entry)

    def _preferred_versions(self) -> list[str]:
        """Versions that are here, or at no other worker, each first in its turn."""
        elsewhere = {sha256 for name, peer in self._peers.items() if self._is_alive(name) for sha256 in peer.held}
        mine = sorted(self._versions - (elsewhere - self.cache.held()))
        self._turn += 1
        start = self._turn % len(mine) if mine else 0
        return mine[start:] + mine[:start]

    async def _take_over(self) -> None:
        """Claim jobs of workers that are gone, and those that we claimed without receiving the answer."""
        idle = min(self.timings.lost_claim, self.lease)
        for version in self._versions:
            for consumer, entry in await self.broker.pending(version, idle, 100):
                ours = consumer == self._consumer
                if self._free() <= 0 or (version, entry.message_id) in self._running:
                    continue
                if not ours and self._is_alive(consumer):
                    continue
                silent_for = self.timings.lost_claim if ours else self.lease
                if claimed := await self.broker.take_over(self._consumer, entry, silent_for):
                    log.warning("took over job %s", claimed.id)
                    self._start(claimed)

    async def _relieve_full_workers(self) -> None:
        """Claim jobs that the workers with their versions have no room for."""
        for version in self._versions - set(self._preferred_versions()):
            if self._free() > 0 and await self.broker.longest_wait(version) > self.timings.preference:
                for entry in await self.broker.claim(self._consumer, [version], 1, wait=False):
                    self._start(entry)

    async def _cancel_unwanted(self) -> None:
        tasks = {entry.id: task for entry, task in self._running.values()}
        for job_id in tasks.keys() - await self.broker.wanted(list(tasks)):
            tasks[job_id].cancel()

    def _start(self, entry: Entry) -> None:
        key = entry.version, entry.message_id
        if key in self._running:
            return
        task = asyncio.create_task(self._run_job(entry), name=f"job {entry.id}")
        self._running[key] = entry, task
        task.add_done_callback(lambda _: self._on_end(key))
        if self._free() <= 0:
            self._room.clear()

    def _on_end(self, key: tuple[str, str]) -> None:
        self._running.pop(key, None)
        self._room.set()

    async def _run_job(self, entry: Entry) -> None:
        try:
            notifying = asyncio.create_task(self._notify(entry))
            try:
                event = await self._outcome(entry)
            finally:
                notifying.cancel()
            await retry_while_unavailable(self.broker.finish, entry, event.to_line())
        except asyncio.CancelledError:
            if self._stopping:
                with suppress(BrokerUnavailable):
                    await self.broker.release(entry)
            raise
        except Exception:
            log.exception("job %s failed", entry.id)
            failed = Event(entry.id, "failed", error="something broke at the composer's", fault="internal")
            await retry_while_unavailable(self.broker.finish, entry, failed.to_line())

    async def _notify(self, entry: Entry) -> None:
        """Notify the bot who has a job that takes a while."""
        await asyncio.sleep(self.timings.notify_after)
        with suppress(BrokerUnavailable):
            await self.broker.notify(entry, self.name)

    async def _outcome(self, entry: Entry) -> Event:
        if entry.deliveries > self.attempts:
            line = "the composer broke down on this prompt: try another seed"
            return Event(entry.id, "failed", error=line, fault="internal")
        try:
            job = Job.from_json(json.loads(entry.text))
            return await self.local.compose(replace(job, checkpoint=await self._checkpoint(job)))
        except (WorkerError, ModelError) as error:
            return Event(entry.id, "failed", error=str(error), fault="internal")

    async def _checkpoint(self, job: Job) -> str:
        """The path of its version here; one without a file makes the worker use its last good one, and say so."""
        if not job.sha256:
            return ""
        try:
            path = await retry_while_unavailable(self.cache.path, job.sha256)
        except WorkerError as error:
            log.error("job %s: %s", job.id, error)
            return str(self.cache.folder / job.sha256)
        self._numbers[job.sha256] = job.version
        return str(path)

    def _health(self) -> Health:
        held = self.cache.held()
        health = Health(
            name=self.name,
            protocol=self.broker.protocol,
            device=self.vitals.device,
            slots=self.slots,
            free=max(0, self._free()),
            held=tuple(sorted(held)),
            versions=tuple(sorted(self._numbers[sha256] for sha256 in held if sha256 in self._numbers)),
            memory=self.vitals.memory,
        )
        return replace(health, trains=self.training.accepts(health)) if self.training else health

    def _others(self) -> list[Health]:
        """The other workers that are alive."""
        return [peer for name, peer in self._peers.items() if name != self._consumer and self._is_alive(name)]

    def _free(self) -> int:
        return self.slots - len(self._running)

    def _is_alive(self, consumer: str) -> bool:
        peer = self._peers.get(consumer)
        return peer is not None and peer.seen < self.lease and peer.protocol == self.broker.protocol
