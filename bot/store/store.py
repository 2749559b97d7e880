"""The store: each attribute holds the queries of one subject, and each call of one is a transaction."""

import secrets
from collections.abc import AsyncIterator, Collection, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import Place
from bot.store import (
    audit,
    blocked,
    checkpoints,
    claims,
    compaction,
    edits,
    erasure,
    leaderboards,
    member_data,
    members,
    prompts,
    retrainings,
    search,
    settings,
    training_votes,
    tunes,
    versions,
    votes,
)
from bot.store.database import TIMEOUTS, Database, ServerTimeouts, database_url
from bot.store.lease import Lease, LeasedQueries, LeasedWrite
from bot.store.migrate import migrate
from bot.store.queries import Queries, Read, Write
from model.retraining.protocol import TrainingExample, Vote

LEASE = 30.0  # seconds
PAGE = 2000  # votes or tunes of one transaction: between two pages other queries have their turn


async def _delete(connection: AsyncConnection, tune_id: int) -> None:
    await tunes.delete(connection, tune_id)
    await leaderboards.remove(connection, tune_id)


class Members(Queries):
    external_id = Read(members.external_id)
    left = Read(members.left)
    set_left = Write(members.set_left)

    async def register(self, place: Place) -> tuple[int, int]:
        """(member_id, server_id) of a place, registered where it is new; a new name replaces the member's old one."""
        found = await self._database.read(members.find, place)
        return found if found else await self._database.write(members.register, place)


class Prompts(LeasedQueries):
    add = LeasedWrite(prompts.add)
    load = Read(prompts.load)
    unfinished = Read(prompts.unfinished)
    undelivered = Read(prompts.undelivered)
    set_state = LeasedWrite(prompts.set_state)
    requeue = LeasedWrite(prompts.requeue)
    finish = Write(tunes.finish)
    set_message = Write(prompts.set_message)
    mark_delivered = Write(prompts.mark_delivered)
    claim = LeasedWrite(claims.claim)
    claim_undelivered = LeasedWrite(claims.claim_undelivered)
    claim_delivery = LeasedWrite(claims.claim_delivery)
    renew = LeasedWrite(claims.renew)
    release = LeasedWrite(claims.release)


class Tunes(LeasedQueries):
    load = Read(tunes.load)
    load_all = Read(tunes.load_all)
    of_prompts = Read(tunes.of_prompts)
    of_member = Read(tunes.of_member)
    newest_like = Read(tunes.newest_like)
    variations = Read(tunes.variations)
    history = Read(tunes.history)
    top = Read(leaderboards.top)
    search = Read(search.search)
    add_edit = LeasedWrite(edits.add)
    delete = Write(_delete)


class Votes(Queries):
    cast = Write(votes.cast)
    toggle = Write(votes.toggle)
    favourites = Read(votes.favourites)


class Versions(Queries):
    add = Write(versions.add)
    load_all = Read(versions.load_all)
    current = Read(versions.current)
    choose = Write(versions.choose)
    counts = Read(versions.counts)
    prune = Write(versions.prune)


class Checkpoints(Queries):
    save = Write(checkpoints.save)
    load = Read(checkpoints.load)
    remove = Write(checkpoints.remove)


class Settings(Queries):
    load = Read(settings.load)
    change = Write(settings.change)


class Audit(Queries):
    add = Write(audit.add)
    add_report = Write(audit.add_report)
    latest = Read(audit.latest)
    latest_reports = Read(audit.latest_reports)


class Retrainings(Queries):
    begin = Write(retrainings.begin)
    load = Read(retrainings.load)
    unfinished = Read(retrainings.unfinished)
    latest = Read(retrainings.latest)
    undelivered = Read(retrainings.undelivered)
    adopt = Write(retrainings.adopt)
    start = Write(retrainings.start)
    renew = Write(retrainings.renew)
    release = Write(retrainings.release)
    end = Write(retrainings.end)
    promote = Write(retrainings.promote)
    cancel = Write(retrainings.cancel)
    claim_delivery = Write(retrainings.claim_delivery)
    mark_delivered = Write(retrainings.mark_delivered)


class TrainingVotes(Queries):
    count = Read(training_votes.count)
    tunes_by_kind = Read(training_votes.tunes_by_kind)
    alone = Read(training_votes.alone)

    async def load(self, platforms: Collection[str], most: int, page: int = PAGE) -> list[Vote]:
        """At most `most` votes of members of these platforms on tunes that are not deleted, newest tunes first."""
        found: list[Vote] = []
        after = training_votes.START
        while len(found) < most:
            limit = min(page, most - len(found))
            votes = await self._database.read(training_votes.page, platforms, after, limit)
            if not votes:
                break
            found += votes
            after = votes[-1].tune, votes[-1].member
        return found

    async def examples(self, weights: Mapping[int, float], page: int = PAGE) -> AsyncIterator[list[TrainingExample]]:
        """The tunes with these ids and weights in pages, without those that are deleted, lowest id first."""
        ids = iter(sorted(weights))
        while numbers := list(islice(ids, page)):
            yield await self._database.read(training_votes.examples, {tune: weights[tune] for tune in numbers})


class BlockedTunes(Queries):
    load = Read(blocked.load)
    add_tune = Write(blocked.add_tune)
    add_title = Write(blocked.add_title)
    remove = Write(blocked.remove)


class MemberData(Queries):
    find = Read(member_data.find)
    named = Read(member_data.named)
    counts = Read(member_data.counts)
    everything = Read(member_data.everything)
    learned_from = Read(member_data.learned_from)


class Erasure(Queries):
    forget = Write(erasure.forget)
    purge = Write(erasure.purge)

    async def compact(self, largest: int | None = compaction.LARGEST) -> None:
        """Leave nothing of what was erased in the database's files, as bot.store.compaction says."""
        await self._database.alone(partial(compaction.compact, largest=largest))


class Store:
    """Everything in one database. `async with await Store.open(path) as store`.

    Ids may be any integers. A call that is cancelled still ends as a whole. Failures of the database are StoreError.
    `lease` is how long this bot's claims on prompts hold, where other bots work on the same database.
    """

    def __init__(self, database: Database, lease: Lease) -> None:
        self._database, self.lease = database, lease
        self.members = Members(database)
        self.prompts = Prompts(database, lease)
        self.tunes = Tunes(database, lease)
        self.votes = Votes(database)
        self.versions = Versions(database)
        self.checkpoints = Checkpoints(database)
        self.settings = Settings(database)
        self.audit = Audit(database)
        self.retrainings = Retrainings(database)
        self.training_votes = TrainingVotes(database)
        self.blocked = BlockedTunes(database)
        self.member_data = MemberData(database)
        self.erasure = Erasure(database)

    @classmethod
    async def open(cls, location: str | Path, lease: float = LEASE, timeouts: ServerTimeouts = TIMEOUTS) -> Self:
        """Open the database at a path or URL, made or migrated where needed. `lease` is in seconds.

        StoreError, with nothing altered, where it is a newer release's, no database, corrupt or not writable.
        """
        await migrate(location)
        return cls(Database(database_url(location), timeouts), Lease(secrets.token_hex(8), lease))

    @property
    def outage(self) -> str:
        """A line for waiting members while the database does not answer; empty while it does."""
        return "the database does not answer: your tune waits until it does…" if self._database.unavailable else ""

    async def close(self) -> None:
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
