"""What Redis carries between bots and workers: jobs in streams, outcomes, signs of life, checkpoints.

Jobs travel in Redis streams with a consumer group, in commands of redis-py. taskiq's RedisStreamBroker (1.2) claims a
lost worker's jobs only after another job has come in and, for want of signs of life, only when they are older than the
longest job may take; it fetches up to a hundred at a time whatever is free, cannot route jobs to workers that have
their version, and cannot cancel a job.

A job is a hash with its text and, in the end, its one outcome; it lasts for as long as its bot renews it. Each version
has a stream of its own with the ids of its jobs, so that workers read first where they have the version. All times are
Redis' own: no other machine's clock matters.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from bot.workers.cluster import messages
from bot.workers.cluster.connection import translated_errors
from bot.workers.cluster.files import Files
from bot.workers.cluster.messages import Inbox, Notice
from bot.workers.cluster.scripts import ANNOUNCE, FINISH, HEARTBEAT, OFFER, RELEASE
from bot.workers.cluster.trainings import Trainings
from bot.workers.health import PROTOCOL, Health

GROUP = "workers"
_COMMON = "tunesmith"  # what all releases share
_WORKERS, _PROTOCOL = f"{_COMMON}:workers", f"{_COMMON}:protocol"


@dataclass(frozen=True)
class BrokerTimings:
    """Seconds."""

    job_expires: float = 60.0  # after its bot renewed it last
    training_expires: float = 30.0  # likewise
    worker_expires: float = 3600.0  # silent for so long, a worker is no longer listed
    read: float = 1.0  # that a read waits for something to come
    timeout: float = 5.0  # that Redis may take to answer


TIMINGS = BrokerTimings()


@dataclass(frozen=True)
class Entry:
    """A job as a worker claimed it: its id, its message in the version's stream, its text, how often it was claimed."""

    id: str
    version: str
    message_id: str
    text: str = ""
    deliveries: int = 1


class Broker:
    """One Redis. Its calls raise BrokerUnavailable or BrokerRefuses, and show no password."""

    def __init__(self, url: str, protocol: int = PROTOCOL, timings: BrokerTimings = TIMINGS) -> None:
        """Nothing is opened yet. ValueError, without the URL, for one that cannot be read."""
        self.protocol = protocol
        self._timings, self._job_expires = timings, int(1000 * timings.job_expires)
        self._prefix = f"{_COMMON}:{protocol}"
        try:
            self._redis: Any = Redis.from_url(
                url,
                protocol=2,
                socket_timeout=timings.timeout,
                socket_connect_timeout=timings.timeout,
                socket_keepalive=True,
                health_check_interval=30,
                retry=Retry(NoBackoff(), 0),
            )
            self.address = "{host}:{port}".format(**self._redis.connection_pool.connection_kwargs)
        except (ValueError, TypeError, KeyError):
            raise ValueError("write the broker as redis://:PASSWORD@HOST:PORT/0, special characters as %XX") from None
        self.inbox = Inbox()
        self.files = Files(self._redis, self._prefix)
        self.trainings = Trainings(self._redis, self._prefix, timings.training_expires, self.inbox)

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    # for bots

    async def announce(self) -> None:
        """Publish this bot's protocol; the newest counts if bots differ."""
        with translated_errors():
            await self._redis.eval(ANNOUNCE, 1, _PROTOCOL, self.protocol, self._job_expires)

    async def offer(self, jobs: Sequence[tuple[str, str, str]]) -> dict[str, bytes]:
        """Put jobs (id, version, text) where workers find them, or renew them.

        The outcomes of those that have one, as they stand there.
        """
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for job_id, version, text in jobs:
                    keys = [self._job(job_id), self._stream(version), self._key("versions")]
                    pipe.eval(OFFER, 3, *keys, text, self._job_expires, job_id, version)
                outcomes = await pipe.execute()
        return {job_id: outcome for (job_id, *_), outcome in zip(jobs, outcomes, strict=True) if outcome}

    async def forget(self, job_ids: Sequence[str]) -> None:
        """Take jobs back: no bot needs them any more."""
        with translated_errors():
            await self._redis.unlink(*map(self._job, job_ids))

    async def next_message(self, bot: str) -> Notice | None:
        """The next message about this bot's jobs; None where none comes for a while, or one that cannot be read."""
        with translated_errors():
            found = await self._redis.blpop([self._key(f"bot:{bot}")], timeout=self._timings.read)
        return self.inbox.read("a message", found[1], messages.notice) if found else None

    async def workers(self) -> dict[str, Health]:
        """Workers by their consumer's name, without those that have long been silent."""
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.time()
                pipe.hgetall(_WORKERS)
                (seconds, micros), found = await pipe.execute()
            parse = partial(messages.health, now=seconds + micros / 1e6)
            read = {name: self.inbox.read("a worker's health", text, parse) for name, text in found.items()}
            kept = {name: one for name, one in read.items() if one and one.seen <= self._timings.worker_expires}
            if left_out := read.keys() - kept.keys():
                await self._redis.hdel(_WORKERS, *left_out)
        return {name.decode(errors="replace"): health for name, health in kept.items()}

    # for workers

    async def send_heartbeat(self, consumer: str, health: Health) -> int | None:
        """Publish a worker's health. The protocol that the bots speak; None while there is no bot."""
        with translated_errors():
            await self._redis.eval(HEARTBEAT, 1, _WORKERS, consumer, json.dumps(asdict(health)))
            protocol = await self._redis.get(_PROTOCOL)
        return self.inbox.read("the bots' protocol", protocol, int) if protocol else None

    async def leave(self, consumer: str) -> None:
        """List a worker no more."""
        with translated_errors():
            await self._redis.hdel(_WORKERS, consumer)

    async def versions(self, more: Iterable[str] = ()) -> set[str]:
        """The versions of all jobs so far, and more; each has its stream and group."""
        with translated_errors():
            if names := list(more):
                await self._redis.sadd(self._key("versions"), *names)
            members = await self._redis.smembers(self._key("versions"))
            read = {version: self.inbox.read("a version", version, _digest_text) for version in members}
            if bad := [version for version, text in read.items() if text is None]:
                await self._redis.srem(self._key("versions"), *bad)
            found = {text for text in read.values() if text is not None}
            for version in found:
                with contextlib.suppress(ResponseError):  # BUSYGROUP: it has
                    await self._redis.xgroup_create(self._stream(version), GROUP, id="0", mkstream=True)
        return found

    async def claim(self, consumer: str, versions: Sequence[str], count: int, wait: bool = True) -> list[Entry]:
        """Claim at most `count` new jobs of each of these versions; an empty list where none comes soon."""
        streams = {self._stream(version): ">" for version in versions}
        block = int(1000 * self._timings.read) if wait else None
        with translated_errors():
            try:
                found = await self._redis.xreadgroup(GROUP, consumer, streams, count=count, block=block)
            except ResponseError as error:
                if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                    raise
                await self.versions()  # Redis has lost everything
                return []
            return await self._with_text([_entry(stream, *entry) for stream, new in found for entry in new])

    async def longest_wait(self, version: str) -> float:
        """For how many seconds the oldest unclaimed job of a version has been waiting; 0 where there is none."""
        stream = self._stream(version)
        with translated_errors():
            groups = await self._redis.xinfo_groups(stream)
            last = next((group["last-delivered-id"] for group in groups if group["name"] == GROUP.encode()), b"0-0")
            oldest = await self._redis.xrange(stream, min=b"(" + last, count=1)
            if not oldest:
                return 0.0
            seconds, micros = await self._redis.time()
        return float(seconds + micros / 1e6 - int(oldest[0][0].partition(b"-")[0]) / 1000)

    async def pending(self, version: str, idle: float, count: int) -> list[tuple[str, Entry]]:
        """Jobs that were claimed at least `idle` seconds ago and have no outcome, each after its consumer's name."""
        stream = self._stream(version)
        with translated_errors():
            found = await self._redis.xpending_range(stream, GROUP, "-", "+", count, idle=int(1000 * idle) or None)
        return [
            (one["consumer"].decode(), Entry("", version, one["message_id"].decode(), "", one["times_delivered"]))
            for one in found
        ]

    async def take_over(self, consumer: str, entry: Entry, idle: float) -> Entry | None:
        """Claim a job of another consumer; None where somebody claimed it within the last `idle` seconds."""
        stream = self._stream(entry.version)
        with translated_errors():
            found = await self._redis.xclaim(stream, GROUP, consumer, int(1000 * idle), [entry.message_id])
            entries = [
                _entry(stream, message_id, values, entry.deliveries + 1) for message_id, values in found if values
            ]
            known = await self._with_text(entries)
        return known[0] if known else None

    async def finish(self, entry: Entry, outcome: str) -> bool:
        """Give a job its outcome; False where it has one already, or was taken back."""
        message = json.dumps({"id": entry.id, "outcome": outcome})
        keys = [self._job(entry.id), self._stream(entry.version), self._messages(entry)]
        with translated_errors():
            arguments = outcome, GROUP, entry.message_id, message, self._job_expires
            return bool(await self._redis.eval(FINISH, 3, *keys, *arguments))

    async def release(self, entry: Entry) -> None:
        """Let another worker claim a job."""
        with translated_errors():
            await self._redis.eval(RELEASE, 1, self._stream(entry.version), GROUP, entry.message_id, entry.id)

    async def notify(self, entry: Entry, worker: str) -> None:
        """Notify the bot of a job which worker has it."""
        key = self._messages(entry)
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.rpush(key, json.dumps({"id": entry.id, "worker": worker}))
                pipe.pexpire(key, self._job_expires)
                await pipe.execute()

    async def wanted(self, job_ids: Sequence[str]) -> set[str]:
        """Those of these jobs that no bot has taken back."""
        with translated_errors():
            async with self._redis.pipeline(transaction=False) as pipe:
                for job_id in job_ids:
                    pipe.exists(self._job(job_id))
                exist = await pipe.execute()
        return {job_id for job_id, exists in zip(job_ids, exist, strict=True) if exists}

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    def _job(self, job_id: str) -> str:
        return self._key(f"job:{job_id}")

    def _stream(self, version: str) -> str:
        return self._key(f"jobs:{version}")

    def _messages(self, entry: Entry) -> str:
        """The list of messages for the bot of a job, whose id begins with the bot's name."""
        return self._key(f"bot:{entry.id.partition('.')[0]}")

    async def _with_text(self, entries: list[Entry]) -> list[Entry]:
        """Those that are wanted and have no outcome, with their text; the others leave the stream."""
        if not entries:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.hmget(self._job(entry.id), "text", "outcome")
            found = await pipe.execute()
            known = []
            for entry, (text, outcome) in zip(entries, found, strict=True):
                job = self.inbox.read("a job", text, bytes.decode) if text and not outcome else None
                if job:
                    known.append(Entry(entry.id, entry.version, entry.message_id, job, entry.deliveries))
                else:
                    pipe.xack(self._stream(entry.version), GROUP, entry.message_id)
                    pipe.xdel(self._stream(entry.version), entry.message_id)
            if len(known) < len(entries):
                await pipe.execute()
        return known


def _entry(stream: bytes | str, message_id: bytes, values: dict[bytes, bytes], deliveries: int = 1) -> Entry:
    name = stream.decode() if isinstance(stream, bytes) else stream
    job_id = values.get(b"id", b"").decode(errors="replace")  # of no job: it leaves the stream
    return Entry(job_id, name.rpartition(":")[2], message_id.decode(), "", deliveries)


def _digest_text(data: bytes) -> str:
    """The hash of a version; empty is the one that a worker was started with. ValueError."""
    text = data.decode()
    if text and not re.fullmatch("[0-9a-zA-Z._-]{1,128}", text):
        raise ValueError("it is no hash")
    return text
