"""What Redis carries between bots and workers: jobs in streams, outcomes, signs of life, checkpoints.

Jobs travel in Redis streams with a consumer group, in commands of redis-py. taskiq's RedisStreamBroker (1.2), which
was to do it, claims a lost worker's jobs only after another job has come in and, for want of signs of life, only when
they are older than the longest job may take; it fetches up to a hundred at a time whatever is free, knows nothing of
versions, and cannot take a job back.

A job is a hash with its text and, in the end, its one outcome; it lasts for as long as its bot renews it. Each version
has a stream of its own with the ids of its jobs, so that workers read first where they hold the version. All times are
Redis' own: no other machine's clock matters.
"""

import contextlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from bot.workers.cluster.files import Files, failures
from bot.workers.cluster.scripts import ANNOUNCE, BEAT, FINISH, GIVE_BACK, OFFER
from bot.workers.cluster.trainings import Trainings
from bot.workers.health import PROTOCOL, Health

GROUP = "workers"
JOB_LASTS = 60_000  # milliseconds that a job waits for its bot to be heard of again
FORGOTTEN = 3600.0  # seconds after which a worker that is gone is no longer listed
WAIT = 1.0  # seconds that a read waits for news
TIMEOUT = 5.0  # seconds that Redis may take to answer
_COMMON = "tunesmith"  # what all releases share
_WORKERS, _PROTOCOL = f"{_COMMON}:workers", f"{_COMMON}:protocol"


@dataclass(frozen=True)
class Entry:
    """A job as a worker took it: its id, where it stands, its text, and how often it was given to a worker."""

    id: str
    version: str
    place: str
    text: str = ""
    deliveries: int = 1


class Broker:
    """One Redis. Its calls raise BrokerAway or BrokerRefuses, and show no password."""

    def __init__(self, url: str, protocol: int = PROTOCOL) -> None:
        """Nothing is opened yet. ValueError, without the URL, for one that cannot be read."""
        self.protocol = protocol
        self._prefix = f"{_COMMON}:{protocol}"
        try:
            self._redis: Any = Redis.from_url(
                url,
                protocol=2,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                socket_keepalive=True,
                health_check_interval=30,
                retry=Retry(NoBackoff(), 0),
            )
            self.address = "{host}:{port}".format(**self._redis.connection_pool.connection_kwargs)
        except (ValueError, TypeError, KeyError):
            raise ValueError("write the broker as redis://:PASSWORD@HOST:PORT/0, special characters as %XX") from None
        self.files = Files(self._redis, self._prefix)
        self.trainings = Trainings(self._redis, self._prefix)

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose()

    # what bots do

    async def announce(self) -> None:
        """Tell workers which protocol is spoken, the newest if bots differ."""
        with failures():
            await self._redis.eval(ANNOUNCE, 1, _PROTOCOL, self.protocol, JOB_LASTS)

    async def offer(self, jobs: Sequence[tuple[str, str, str]]) -> dict[str, str]:
        """Put jobs (id, version, text) where workers find them, or say that they are still wanted.

        The outcomes of those that have one.
        """
        with failures():
            async with self._redis.pipeline(transaction=False) as pipe:
                for name, version, text in jobs:
                    keys = [self._job(name), self._stream(version), self._key("versions")]
                    pipe.eval(OFFER, 3, *keys, text, JOB_LASTS, name, version)
                outcomes = await pipe.execute()
        return {name: found.decode() for (name, *_), found in zip(jobs, outcomes, strict=True) if found}

    async def forget(self, names: Sequence[str]) -> None:
        """These jobs are not wanted any more."""
        with failures():
            await self._redis.unlink(*map(self._job, names))

    async def reply(self, bot: str) -> dict[str, Any] | None:
        """The next news of this bot's jobs; None where there is none for a while."""
        with failures():
            found = await self._redis.blpop([self._key(f"bot:{bot}")], timeout=WAIT)
        return dict(json.loads(found[1])) if found else None

    async def workers(self) -> dict[str, Health]:
        """Those who were heard of in the last hour, by their consumer's name."""
        with failures():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.time()
                pipe.hgetall(_WORKERS)
                (seconds, micros), found = await pipe.execute()
            heard = {name.decode(): _health(text, seconds + micros / 1e6) for name, text in found.items()}
            if old := [name for name, health in heard.items() if health.seen > FORGOTTEN]:
                await self._redis.hdel(_WORKERS, *old)
        return {name: health for name, health in heard.items() if health.seen <= FORGOTTEN}

    # what workers do

    async def beat(self, consumer: str, health: Health) -> int | None:
        """Say that one lives. The protocol that the bots speak; None while there is none."""
        with failures():
            await self._redis.eval(BEAT, 1, _WORKERS, consumer, json.dumps(asdict(health)))
            spoken = await self._redis.get(_PROTOCOL)
        return int(spoken) if spoken else None

    async def leave(self, consumer: str) -> None:
        with failures():
            await self._redis.hdel(_WORKERS, consumer)

    async def versions(self, more: Iterable[str] = ()) -> set[str]:
        """The versions that jobs were ever asked of, and more; each has its stream and group."""
        with failures():
            if names := list(more):
                await self._redis.sadd(self._key("versions"), *names)
            found = {version.decode() for version in await self._redis.smembers(self._key("versions"))}
            for version in found:
                with contextlib.suppress(ResponseError):  # BUSYGROUP: it has
                    await self._redis.xgroup_create(self._stream(version), GROUP, id="0", mkstream=True)
        return found

    async def take(self, consumer: str, versions: Sequence[str], count: int, wait: bool = True) -> list[Entry]:
        """At most `count` new jobs of each of these versions, marked as this worker's; none where none comes soon."""
        streams = {self._stream(version): ">" for version in versions}
        block = int(1000 * WAIT) if wait else None
        with failures():
            try:
                found = await self._redis.xreadgroup(GROUP, consumer, streams, count=count, block=block)
            except ResponseError as error:
                if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                    raise
                await self.versions()  # Redis has lost everything
                return []
            entries = [self._entry(stream, *entry) for stream, new in found for entry in new]
            return await self._with_text(entries)

    async def waiting(self, version: str) -> float:
        """For how many seconds the oldest job of a version has been waiting for a worker; 0 where none does."""
        stream = self._stream(version)
        with failures():
            groups = await self._redis.xinfo_groups(stream)
            last = next((group["last-delivered-id"] for group in groups if group["name"] == GROUP.encode()), b"0-0")
            oldest = await self._redis.xrange(stream, min=b"(" + last, count=1)
            if not oldest:
                return 0.0
            seconds, micros = await self._redis.time()
        return float(seconds + micros / 1e6 - int(oldest[0][0].partition(b"-")[0]) / 1000)

    async def held_by_others(self, version: str, idle: float, count: int) -> list[tuple[str, Entry]]:
        """Jobs that workers were given at least `idle` seconds ago and have not answered: the consumer, the job."""
        stream = self._stream(version)
        with failures():
            found = await self._redis.xpending_range(stream, GROUP, "-", "+", count, idle=int(1000 * idle) or None)
        return [
            (one["consumer"].decode(), Entry("", version, one["message_id"].decode(), "", one["times_delivered"]))
            for one in found
        ]

    async def claim(self, consumer: str, entry: Entry, idle: float) -> Entry | None:
        """Have a job that another was given; None where somebody else has claimed it meanwhile."""
        stream = self._stream(entry.version)
        with failures():
            found = await self._redis.xclaim(stream, GROUP, consumer, int(1000 * idle), [entry.place])
            entries = [self._entry(stream, place, fields, entry.deliveries + 1) for place, fields in found if fields]
            known = await self._with_text(entries)
        return known[0] if known else None

    async def finish(self, entry: Entry, outcome: str) -> bool:
        """Give a job its outcome; False where it has one already, or is not wanted any more."""
        bot = self._key(f"bot:{entry.id.partition('.')[0]}")
        reply = json.dumps({"id": entry.id, "outcome": outcome})
        keys = [self._job(entry.id), self._stream(entry.version), bot]
        with failures():
            return bool(await self._redis.eval(FINISH, 3, *keys, outcome, GROUP, entry.place, reply, JOB_LASTS))

    async def give_back(self, entry: Entry) -> None:
        """Let another worker have a job."""
        with failures():
            await self._redis.eval(GIVE_BACK, 1, self._stream(entry.version), GROUP, entry.place, entry.id)

    async def tell(self, entry: Entry, worker: str) -> None:
        """Tell the bot who has its job."""
        key = self._key(f"bot:{entry.id.partition('.')[0]}")
        with failures():
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.rpush(key, json.dumps({"id": entry.id, "worker": worker}))
                pipe.pexpire(key, JOB_LASTS)
                await pipe.execute()

    async def wanted(self, names: Sequence[str]) -> set[str]:
        """Those of these jobs that are still wanted."""
        with failures():
            async with self._redis.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.exists(self._job(name))
                return {name for name, there in zip(names, await pipe.execute(), strict=True) if there}

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    def _job(self, name: str) -> str:
        return self._key(f"job:{name}")

    def _stream(self, version: str) -> str:
        return self._key(f"jobs:{version}")

    def _entry(self, stream: bytes | str, place: bytes, fields: dict[bytes, bytes], deliveries: int = 1) -> Entry:
        name = stream.decode() if isinstance(stream, bytes) else stream
        return Entry(fields[b"id"].decode(), name.rpartition(":")[2], place.decode(), "", deliveries)

    async def _with_text(self, entries: list[Entry]) -> list[Entry]:
        """Those that are still wanted and have no outcome, with their text; the others leave the stream."""
        if not entries:
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            for entry in entries:
                pipe.hmget(self._job(entry.id), "text", "outcome")
            found = await pipe.execute()
            known = []
            for entry, (text, outcome) in zip(entries, found, strict=True):
                if text and not outcome:
                    known.append(Entry(entry.id, entry.version, entry.place, text.decode(), entry.deliveries))
                else:
                    pipe.xack(self._stream(entry.version), GROUP, entry.place)
                    pipe.xdel(self._stream(entry.version), entry.place)
            if len(known) < len(entries):
                await pipe.execute()
        return known


def _health(text: bytes, now: float) -> Health:
    data = json.loads(text)
    said = json.loads(data["health"])
    same = ("name", "protocol", "device", "slots", "free", "memory", "trains")  # an older worker says less
    known = {name: said[name] for name in same if name in said}
    held, versions = (tuple(said.get(name, ())) for name in ("held", "versions"))
    return Health(**known, held=held, versions=versions, seen=max(0.0, now - data["at"]))
