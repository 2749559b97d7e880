"""The store: what the use cases keep and look up, each call one transaction."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.values import (
    NOWHERE,
    Leader,
    Message,
    NewTune,
    Period,
    Place,
    Record,
    ServerSettings,
    State,
    StoredPrompt,
    StoredTune,
    Version,
    Votes,
)
from bot.store import files, leaderboards, leases, members, prompts, settings, tunes, versions, votes
from bot.store.database import Database, database_url
from bot.store.learning import Learning
from bot.store.leases import Lease
from bot.store.migrate import migrate
from model.prompt import Prompt

LEASE = 30.0  # seconds


class Store:
    """Prompts, tunes, votes and versions in one database. `async with await Store.open(path) as store`.

    Ids may be any integers. A call that is cancelled still ends as a whole. Failures of the database are StoreError.
    `lease` is this bot's hold on its prompts, of which others on the same database know.
    """

    def __init__(self, database: Database, lease: Lease) -> None:
        self._database, self.lease = database, lease
        self.learning = Learning(database)

    @classmethod
    async def open(cls, location: str | Path, lease: float = LEASE) -> Self:
        """Open the database at a path or URL, made or migrated where needed.

        StoreError, with nothing altered, where it is a newer release's, no database, corrupt or not writable.
        """
        await migrate(location)
        return cls(Database(database_url(location)), Lease(secrets.token_hex(8), lease))

    @property
    def outage(self) -> str:
        """A line for whoever waits while the database does not answer; empty while it does."""
        return "the database does not answer: your tune waits until it does…" if self._database.away else ""

    async def close(self) -> None:
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def place(self, place: Place) -> tuple[int, int]:
        """(member_id, server_id) of a place, registered where it is new; a new name replaces the member's old one."""
        found = await self._database.read(members.find, place)
        return found if found else await self._database.write(members.keep, place)

    async def external_id(self, member_id: int) -> str:
        """A member's id on its own platform. NotFound where it is not registered."""
        return await self._database.read(members.external_id, member_id)

    async def add_prompt(
        self,
        member_id: int,
        server_id: int,
        prompt: Prompt,
        count: int,
        version: int,
        varied_from: int | None = None,
        message: Message = NOWHERE,
    ) -> StoredPrompt:
        """Store a prompt as queued, with the tune that it varies and the message that will carry its answer.

        NotFound where the member, server or version is not registered.
        """
        return await self._database.write(
            _add, self.lease, member_id, server_id, prompt, count, version, varied_from, message
        )

    async def set_state(self, prompt_id: int, state: State, error: str = "") -> bool:
        """Move a prompt on, each COMPOSING being one attempt; `finish` is the way to DONE.

        False, and nothing changes, where the prompt is unknown, already in a final state or, but for CANCELLED, taken
        over by another bot.
        """
        return await self._database.write(prompts.set_state, prompt_id, state, error, self.lease.bot)

    async def take(self, platforms: Collection[str], limit: int | None = None, mine: bool = True) -> list[StoredPrompt]:
        """Have prompts of these platforms that are not done and that no other bot has, oldest first.

        Without `mine`, only those that were another's, or nobody's. Each is taken by one bot.
        """
        return await self._database.write(leases.take, self.lease, platforms, limit, mine)

    async def renew(self) -> set[int]:
        """Go on having what is this bot's; the ids of prompts that are not done. To be called within each lease."""
        return await self._database.write(leases.renew, self.lease)

    async def release(self) -> None:
        """Let other bots go on at once with what this one has not done, or not delivered."""
        await self._database.write(leases.release, self.lease)

    async def answered_in(self, prompt_id: int, channel_id: str, message_id: str, delivered: bool = False) -> None:
        """Remember the message that carries a prompt's answer, in place of an earlier one, and if that shows the end.

        A front end calls it as soon as its first message stands, edits that message ever after, and calls `delivered`
        once it shows the end. After a crash, `unfinished` and `undelivered` say which messages to edit: one answer
        may be shown twice in the same message, and never in two.
        """
        await self._database.write(prompts.answered_in, prompt_id, channel_id, message_id, delivered)

    async def delivered(self, prompt_id: int) -> None:
        """The prompt's message shows its tunes, or why there are none."""
        await self._database.write(prompts.delivered, prompt_id)

    async def undelivered(self, platforms: Collection[str]) -> list[StoredPrompt]:
        """Prompts of these platforms in a final state that their message does not show yet, oldest first."""
        return await self._database.read(prompts.undelivered, platforms)

    async def take_undelivered(self, platforms: Collection[str], mine: bool = True) -> list[StoredPrompt]:
        """Have the delivery of such prompts as no other living bot has; without `mine` only what was another's."""
        return await self._database.write(leases.take_undelivered, self.lease, platforms, mine)

    async def delivers(self, prompt_id: int) -> bool:
        """Have the delivery of a prompt in a final state; False where it was delivered, or is another living bot's."""
        return await self._database.write(leases.delivers, self.lease, prompt_id)

    async def put_back(self, prompt_ids: Collection[int]) -> None:
        """Queue prompts again that a clean stop interrupted in their work, which was no attempt."""
        await self._database.write(prompts.put_back, prompt_ids, self.lease.bot)

    async def prompt(self, prompt_id: int) -> StoredPrompt | None:
        return await self._database.read(prompts.load, prompt_id)

    async def unfinished(self, platforms: Collection[str]) -> list[StoredPrompt]:
        """Prompts of these platforms that are in no final state, oldest first."""
        return await self._database.read(prompts.unfinished, platforms)

    async def finish(self, prompt_id: int, new: Sequence[NewTune]) -> list[StoredTune]:
        """Store a prompt's tunes and make it done, in one transaction; NotFound for an unknown prompt.

        Where the prompt is in a final state already, nothing is added: the answer is what it has, which is nothing if
        it failed or was cancelled.
        """
        return await self._database.write(tunes.finish, prompt_id, new)

    async def tune(self, tune_id: int, member_id: int = 0) -> StoredTune | None:
        """A tune with this member's vote on it; None where it is unknown or deleted."""
        return await self._database.read(tunes.load, tune_id, member_id)

    async def tunes_of(self, prompt_ids: Collection[int], member_id: int = 0) -> list[StoredTune]:
        """The tunes of these prompts that are not deleted, by prompt and ordinal."""
        return await self._database.read(tunes.of_prompts, prompt_ids, member_id)

    async def newest_like(self, tune: StoredTune, keys: Collection[str], limit: int) -> list[tuple[int, str]]:
        """(id, ABC) of the newest other tunes of a tune's server and rhythm in one of these keys, newest first."""
        return await self._database.read(tunes.newest_like, tune, keys, limit)

    async def tunes(self, tune_ids: Collection[int], member_id: int = 0) -> list[StoredTune]:
        """Those of these tunes that are not deleted, in no order."""
        return await self._database.read(tunes.load_all, tune_ids, member_id)

    async def history(
        self, server_id: int, member_id: int, before: int | None, limit: int
    ) -> list[tuple[StoredPrompt, tuple[StoredTune, ...]]]:
        """The newest `limit` prompts of a server (older than prompt `before`), oldest first, each with its tunes."""
        return await self._database.read(tunes.history, server_id, member_id, before, limit)

    async def top(
        self, server_id: int, member_id: int, period: Period = Period.ALL, rhythm: str | None = None, limit: int = 10
    ) -> list[Leader]:
        """A server's best tunes (of one rhythm) by the votes cast in a period, as bot.store.leaderboards ranks them.

        None without a vote up is among them; the newest is first among equals.
        """
        return await self._database.read(leaderboards.top, server_id, member_id, period, rhythm, limit)

    async def favourites(self, member_id: int, limit: int = 50) -> list[StoredTune]:
        """The tunes that a member voted up, the latest vote first."""
        return await self._database.read(votes.favourites, member_id, limit)

    async def mine(
        self, member_id: int, viewer: int | None = None, before: int | None = None, limit: int = 10
    ) -> list[StoredTune]:
        """A member's newest tunes (older than tune `before`), newest first, with the viewer's or its own votes."""
        looks = member_id if viewer is None else viewer
        return await self._database.read(tunes.of_member, member_id, looks, before, limit)

    async def vote(self, tune_id: int, member_id: int, value: int) -> Votes:
        """Set a member's one vote on a tune to 1 or -1, or withdraw it with 0. NotFound if there is no such tune."""
        return await self._database.write(votes.vote, tune_id, member_id, value)

    async def press(self, tune_id: int, member_id: int, value: int) -> Votes:
        """Set a member's one vote on a tune to 1 or -1, or withdraw it where it is that already. NotFound."""
        return await self._database.write(votes.press, tune_id, member_id, value)

    async def delete_tune(self, tune_id: int) -> None:
        """Hide a tune for ever; its row and votes stay. NotFound where it is unknown or already deleted."""
        await self._database.write(_remove, tune_id)

    async def add_version(
        self, path: str, sha256: str, name: str, number: int | None = None, note: str = ""
    ) -> Version:
        """Register a checkpoint under `number`, or the next free one. A number that exists gets the new path and hash.

        The shipped checkpoint is number 1, registered at every start.
        """
        return await self._database.write(versions.add, path, sha256, name, number, note)

    async def versions(self) -> list[Version]:
        """Every version, in order of number."""
        return await self._database.read(versions.load_all)

    async def current_version(self) -> int | None:
        """The number of the version in use: the one that was chosen last. None where none ever was."""
        return await self._database.read(versions.current)

    async def choose_version(self, number: int, place: Place | None = None) -> Version:
        """Use a version from now on; the audit is told who of `place` did. NotFound where it is unknown or pruned."""
        return await self._database.write(_choose, number, place)

    async def keep_checkpoint(self, sha256: str, data: bytes) -> None:
        """Keep a version's file in the database, for bots and workers on other machines."""
        await self._database.write(files.keep, sha256, data)

    async def checkpoint(self, sha256: str) -> bytes | None:
        """A file that was kept; None where it was not."""
        return await self._database.read(files.load, sha256)

    async def drop_checkpoint(self, sha256: str) -> None:
        """Keep a version's file in the database no longer."""
        await self._database.write(files.drop, sha256)

    async def server_settings(self, place: Place) -> ServerSettings:
        """What the admins of a place's server chose; as it is elsewhere where they chose nothing."""
        return await self._database.read(settings.load, place)

    async def change_settings(self, place: Place, changes: Mapping[str, Any], detail: str) -> ServerSettings:
        """Change fields of a server's settings, and put it into the audit table, in one transaction."""
        return await self._database.write(settings.change, place, changes, detail)

    async def record(self, place: Place, action: str, detail: str) -> None:
        """Put what an admin did into the audit table."""
        await self._database.write(settings.record, place, action, detail)

    async def records(self, place: Place, limit: int = 10) -> list[Record]:
        """What the admins of a place's server did last, newest first."""
        return await self._database.read(settings.records, place, limit)


async def _add(
    connection: AsyncConnection,
    lease: Lease,
    member_id: int,
    server_id: int,
    prompt: Prompt,
    count: int,
    version: int,
    varied_from: int | None,
    message: Message,
) -> StoredPrompt:
    rest = version, varied_from, message, lease.values(connection)
    return await prompts.add(connection, member_id, server_id, prompt, count, *rest)


async def _remove(connection: AsyncConnection, tune_id: int) -> None:
    await tunes.remove(connection, tune_id)
    await leaderboards.forget(connection, tune_id)


async def _choose(connection: AsyncConnection, number: int, place: Place | None) -> Version:
    if place:
        await settings.record(connection, place, "rollback", f"to version {number}")
    return await versions.choose(connection, number)
