"""The library: stored tunes, their votes, and the files that can be made of them."""

import asyncio
import re
import unicodedata
from collections.abc import Iterable
from typing import Protocol

from bot.core.errors import BadRequest, NotAllowed, NotFound
from bot.core.values import Leader, Period, Place, StoredPrompt, StoredTune, Votes
from bot.library.media_cache import Media, MediaCache
from bot.store import Store
from model.music import abc_similarity
from model.music import rhythm as rhythms
from model.music.key import all_keys

RENDERED = ("png", "mid", "mp3")
KINDS = (*RENDERED, "abc")
LIST = 10  # tunes of a leaderboard, and of a page of a member's own
SIMILAR, LOOKED_AT = 3, 200  # tunes that are shown as like one, and that are compared for it
ALIKE = 0.3  # what two tunes of one rhythm and mode have in common anyway
LONGEST_PAGE = 100  # prompts of one history page


class Renders(Protocol):
    """What the library needs of `bot.render`."""

    async def render(self, abc: str, kinds: Iterable[str]) -> Media:
        """The files of these kinds. Raises RenderError."""


class Library:
    """Looks up tunes, counts votes, and makes a tune's files again when they have left memory."""

    def __init__(self, store: Store, renderer: Renders, cache_bytes: int = 64_000_000) -> None:
        self._store = store
        self._renderer = renderer
        self._cache = MediaCache(cache_bytes)
        self._rendering: dict[int, asyncio.Task[Media]] = {}

    async def place(self, place: Place) -> tuple[int, int]:
        """(member_id, server_id) of a place, registered where it is new."""
        return await self._store.members.register(place)

    async def tune(self, tune_id: int, member_id: int = 0) -> StoredTune:
        """A tune with this member's vote on it. NotFound where it is unknown or deleted."""
        tune = await self._store.tunes.load(tune_id, member_id)
        if tune is None:
            raise NotFound(f"there is no tune {tune_id}, or it was deleted")
        return tune

    async def vote(self, tune_id: int, member_id: int, value: int) -> Votes:
        """Set a member's one vote to 1 or -1, or withdraw it with 0. BadRequest for another value, NotFound."""
        if value not in (1, -1, 0):
            raise BadRequest(f"a vote is 1 (up), -1 (down) or 0 (withdrawn), not {str(value)[:20]}")
        return await self._store.votes.cast(tune_id, member_id, value)

    async def press(self, tune_id: int, member_id: int, value: int) -> Votes:
        """Set a member's one vote to 1 or -1, or withdraw it where it is that already, at once. NotFound."""
        return await self._store.votes.toggle(tune_id, member_id, value)

    async def delete(self, tune_id: int, place: Place, admin: bool = False) -> StoredTune:
        """Delete a tune for ever: its composer may, and an admin of its server. NotFound or NotAllowed."""
        member_id, server_id = await self._store.members.register(place)
        tune = await self.tune(tune_id)
        if tune.member_id != member_id and not (admin and tune.server_id == server_id):
            raise NotAllowed("only the member who had it composed, or an admin of its server, can delete a tune")
        await self._store.tunes.delete(tune_id)
        return tune

    async def top(self, place: Place, period: Period = Period.ALL, rhythm: str | None = None) -> list[Leader]:
        """The best tunes of a place's server by the votes cast in a period; InputError for an unknown rhythm."""
        name = rhythms.named(rhythm).name if rhythm else None
        member_id, server_id = await self._store.members.register(place)
        return await self._store.tunes.top(server_id, member_id, period, name, LIST)

    async def mine(self, place: Place, before: int | None = None) -> tuple[list[StoredTune], bool]:
        """A member's newest tunes, older than tune `before`, newest first; and whether there are more."""
        member_id, _ = await self._store.members.register(place)
        tunes = await self._store.tunes.of_member(member_id, before=before, limit=LIST + 1)
        return tunes[:LIST], len(tunes) > LIST

    async def similar(self, tune: StoredTune, most: int = SIMILAR) -> list[tuple[StoredTune, float]]:
        """The tunes of its server that are most like a tune, and how alike they are, 0 to 1.

        Only the newest of its rhythm and mode are looked at, however many there are.
        """
        keys = [str(key) for key in all_keys() if key.mode == tune.prompt.key.mode]
        others = await self._store.tunes.newest_like(tune, keys, LOOKED_AT)
        alike = await asyncio.to_thread(abc_similarity.alike, tune.abc, [abc for _, abc in others])
        best = sorted(zip(alike, (number for number, _ in others), strict=True), reverse=True)[:most]
        found = {other.id: other for other in await self._store.tunes.load_all([number for _, number in best])}
        return [(found[number], share) for share, number in best if share >= ALIKE and number in found]

    async def history(
        self, server_id: int, member_id: int, before: int | None = None, limit: int = 20
    ) -> list[tuple[StoredPrompt, tuple[StoredTune, ...]]]:
        """A server's newest prompts older than prompt `before`, oldest first, each with its tunes."""
        return await self._store.tunes.history(server_id, member_id, before, min(max(limit, 1), LONGEST_PAGE))

    async def media(self, tune_id: int, kind: str) -> bytes:
        """One file of a tune. BadRequest for an unknown kind, NotFound, or RenderError."""
        if kind not in KINDS:
            raise BadRequest(f"there is no {kind[:20]!r} of a tune: ask for {', '.join(KINDS)}")
        tune = await self.tune(tune_id)  # also for a file in memory: a deleted tune has none
        if kind == "abc":
            return tune.abc.encode()
        cached = self._cache.get(tune_id)
        return cached[kind] if kind in cached else (await self._rendered(tune))[kind]

    async def all_media(self, tune: StoredTune) -> Media:
        """The files of a tune, of all KINDS, in their order. RenderError."""
        cached = self._cache.get(tune.id)
        media = cached if cached.keys() >= set(RENDERED) else await self._rendered(tune)
        return {kind: tune.abc.encode() if kind == "abc" else media[kind] for kind in KINDS}

    def remember(self, tune_id: int, media: Media) -> None:
        """Keep the files of a fresh tune in memory, where the chat will ask for them in a moment."""
        self._cache.put(tune_id, media)

    @staticmethod
    def file_name(tune: StoredTune, kind: str) -> str:
        """A name that is safe on every system and says which tune it is: `the-long-lane-42.mid`."""
        plain = unicodedata.normalize("NFKD", tune.title).encode("ascii", "ignore").decode().lower().replace("'", "")
        words = re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-")
        return f"{words or 'tune'}-{tune.id}.{kind}"

    async def _rendered(self, tune: StoredTune) -> Media:
        """Every rendered file of a tune; whoever asks meanwhile waits for the same work."""
        task = self._rendering.get(tune.id)
        if task is None:
            task = self._rendering[tune.id] = asyncio.create_task(self._render(tune))
        return await asyncio.shield(task)  # one who leaves does not cancel it for the others

    async def _render(self, tune: StoredTune) -> Media:
        try:
            cached = self._cache.get(tune.id)
            missing = [kind for kind in RENDERED if kind not in cached]
            media = {**cached, **await self._renderer.render(tune.abc, missing)}
            self._cache.put(tune.id, media)
            return media
        finally:
            del self._rendering[tune.id]
