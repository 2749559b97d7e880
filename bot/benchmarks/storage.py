"""Queries on a full store: 1,000,000 tunes and 10,000,000 votes, half of them on one server."""

import asyncio
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.benchmarks.measurement import Measurement, at_most, percentile_99
from bot.core.values import Period
from bot.store import Store
from bot.store.leaderboards import wilson
from model.music.rhythm import RHYTHMS

GOAL = 50.0  # milliseconds, 99th percentile
_YEARS = 5
_ABC = "X:1\nT:Full\nR:reel\nM:4/4\nL:1/8\nK:D\n" + "|:DEFG ABAF|DEFG ABAF|DEFG ABAF|DEFG A4:|\n" * 6

# filled by SQL alone: through the use cases it would take days
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
_PEOPLE = "INSERT INTO {table} (id, platform, external_id, created_at) SELECT i, 'web', 'x' || i, ? FROM n"
_PROMPTS = """INSERT INTO prompts (id, member_id, server_id, state, key, rhythm, temperature, form, seed, count,
    version, created_at) SELECT i, i % ? + 1, CASE WHEN i % 2 THEN 1 ELSE i % ? + 1 END, 'done', 'D',
    json_extract(?, '$[' || (i % ?) || ']'), 1.0, 'AABB:8', i, 1, 1, strftime('%Y-%m-%d %H:%M:%f000', ?,
    '-' || (? * (? - i)) || ' seconds') FROM n"""
_FILL = """INSERT INTO tunes (id, prompt_id, ordinal, member_id, server_id, key, rhythm, seed, title, abc, created_at)
    SELECT id, id, 0, member_id, server_id, key, rhythm, seed, 'Tune ' || id, ?, created_at FROM prompts"""
_VOTES = """WITH RECURSIVE k(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM k WHERE j < ? - 1)
    INSERT OR IGNORE INTO votes (tune_id, member_id, value, created_at, updated_at)
    SELECT id, (id * 7919 + j * 4729) % ? + 1, CASE (id * 31 + j * 17) % 3 WHEN 0 THEN -1 ELSE 1 END, created_at,
    created_at FROM tunes CROSS JOIN k WHERE id % ? = 0"""
_COUNTS = """UPDATE tunes SET up = (SELECT count(*) FROM votes WHERE tune_id = tunes.id AND value = 1),
    down = (SELECT count(*) FROM votes WHERE tune_id = tunes.id AND value = -1)"""
_SCORES = "UPDATE tunes SET score = wilson(up, down)"
_LEADERBOARDS = """INSERT INTO standings SELECT ?, ?, id, server_id, rhythm, up, down, score FROM tunes
    WHERE created_at >= ?"""


@dataclass(frozen=True)
class StoreSize:
    """What is stored, and how often each query is timed."""

    tunes: int = 1_000_000
    votes_each: int = 9  # on every tune
    favourites: int = 100  # tunes with many votes
    favourite_votes: int = 10_000  # on each of them
    members: int = 20_000
    servers: int = 50
    times: int = 300

    @property
    def votes(self) -> int:
        return self.tunes * self.votes_each + self.favourites * (self.favourite_votes - self.votes_each)

    def favourite(self, draw: random.Random) -> int:
        """The id of a tune with many votes."""
        return draw.randrange(1, self.favourites + 1) * (self.tunes // self.favourites)


SIZE = StoreSize()


def measure(size: StoreSize = SIZE) -> list[Measurement]:
    """Takes minutes, and gigabytes of the disk that holds temporary files."""
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as data:
        return asyncio.run(_measure(Path(data) / "tunesmith.db", size))


async def _measure(path: Path, size: StoreSize) -> list[Measurement]:
    async with await Store.open(path) as store:
        await store.versions.add("none", "0" * 64, "trad", 1)
    await asyncio.to_thread(_fill, path, size)
    draw = random.Random(7)
    rhythms = list(RHYTHMS)

    async with await Store.open(path) as store:
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "/top": lambda: store.tunes.top(1, 1),
            "/top of a rhythm": lambda: store.tunes.top(1, 1, rhythm=draw.choice(rhythms)),
            "/top of a week": lambda: store.tunes.top(1, 1, Period.WEEK),
            "/top of a month and a rhythm": lambda: store.tunes.top(1, 1, Period.MONTH, draw.choice(rhythms)),
            "/tunebook of a member": lambda: store.votes.favourites(draw.randrange(1, size.members), 1),
            "/tunebook of a server": lambda: store.tunes.top(1, 1, limit=50),
            "/mine": lambda: store.tunes.of_member(draw.randrange(1, size.members)),
            "a page of history": lambda: store.tunes.history(1, 1, draw.randrange(1, size.tunes), 20),
            "vote": lambda: store.votes.cast(
                draw.randrange(1, size.tunes), draw.randrange(1, size.members), draw.choice((1, -1, 0))
            ),
            "vote on a favourite": lambda: store.votes.cast(size.favourite(draw), draw.randrange(1, size.members), 1),
        }
        name = f"store with {size.tunes:,} tunes and {size.votes:,} votes"
        return [
            at_most(f"{name}: {call}, p99", await _percentile(work, size.times), GOAL, "ms")
            for call, work in calls.items()
        ]


async def _percentile(query: Callable[[], Awaitable[object]], times: int) -> float:
    """The 99th percentile of its time, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await query()
        taken.append(1000 * (time.perf_counter() - began))
    return percentile_99(taken)


def _fill(path: Path, size: StoreSize) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.000000")
    with closing(sqlite3.connect(path, isolation_level=None)) as database, _without_indexes(database):
        database.execute("PRAGMA synchronous=OFF")
        database.execute("BEGIN")
        for table, count in (("members", size.members), ("servers", size.servers)):
            database.execute(f"{_NUMBERS} {_PEOPLE.format(table=table)}", (count, now))
        rhythms = list(RHYTHMS)
        names = "[" + ",".join(f'"{rhythm}"' for rhythm in rhythms) + "]"
        apart = _YEARS * 365 * 86_400 // size.tunes
        values = (size.tunes, size.members, size.servers, names, len(rhythms), now, apart, size.tunes)
        database.execute(f"{_NUMBERS} {_PROMPTS}", values)
        database.execute(_FILL, (_ABC,))
        database.execute(_VOTES, (size.votes_each, size.members, 1))
        database.execute(_VOTES, (size.favourite_votes, size.members, size.tunes // size.favourites))
        database.execute(_COUNTS)
        database.create_function("wilson", 2, wilson, deterministic=True)
        database.execute(_SCORES)
        for period in (Period.DAY, Period.WEEK, Period.MONTH):
            began = str(period.began(datetime.now(UTC)))
            database.execute(_LEADERBOARDS, (period.value, began, began))
        database.execute("COMMIT")


@contextmanager
def _without_indexes(database: sqlite3.Connection) -> Iterator[None]:
    """Make them again afterwards, which takes a fraction of the time of updating them."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    indexes = database.execute(query).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    yield
    for _, statement in indexes:
        database.execute(statement)
