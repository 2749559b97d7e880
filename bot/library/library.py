"""The library: stored tunes, their votes and their files."""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass
from typing import Any

from bot import render
from bot.core.errors import BadRequest, NotAllowed, NotFound, RenderError
from bot.core.rendering import Playing
from bot.core.search import Search
from bot.core.values import Leader, Period, Place, StoredPrompt, StoredTune, Votes
from bot.library.media_cache import Key, Media, MediaCache
from bot.store import Store
from bot.store.tunes import missing
from model.music import abc_similarity
from model.music.key import all_keys
from model.music.rhythm import named

KINDS = render.KINDS
LIST_LENGTH = 10  # tunes of a leaderboard, and of a page of a member's own
PAGE_LENGTH, MOST_PAGES = 24, 100  # of the library
MOST_SIMILAR, COMPARED = 3, 200  # similar tunes that are shown, and tunes that are compared to find them
LEAST_SIMILARITY = 0.3  # any two tunes of one rhythm and mode have about so much in common
MOST_VARIATIONS = 20  # of a tune that are shown
LONGEST_PAGE = 100  # prompts of one history page


@dataclass(frozen=True)
class Relations:
    """The tune that a tune varies, those that vary it, oldest first, and those that are like it with how much."""

    varies: StoredTune | None = None
    varied_by: tuple[StoredTune, ...] = ()
    similar: tuple[tuple[StoredTune, float], ...] = ()


class Library:
    """Looks up tunes, counts votes, and renders a tune's files again once they are no longer in memory."""

    def __init__(self, store: Store, renderer: render.Renders, cache_bytes: int = 64_000_000) -> None:
        self._store = store
        self._renderer = renderer
        self._cache = MediaCache(cache_bytes)
        self._rendering: dict[tuple[Key, str], asyncio.Task[Media]] = {}  # by tune and what of it

    async def place(self, place: Place) -> tuple[int, int]:
        """(member_id, server_id) of a place, registered where it is new."""
        return await self._store.members.register(place)

    async def tune(self, tune_id: int, place: Place) -> StoredTune:
        """A tune with the member’s vote, as seen from a place: its server, or anywhere by its composer. NotFound."""
        member_id, server_id = await self._store.members.register(place)
        tune = await self._store.tunes.load(tune_id, member_id)
        if tune is None or (tune.server_id != server_id and tune.member_id != member_id):
            raise NotFound(missing(tune_id))  # the same for both: nobody learns what other servers have
        return tune

    async def tune_here(self, tune_id: int, place: Place) -> StoredTune:
        """A tune where it was made, and so may be voted on, varied and deleted. NotFound, or NotAllowed elsewhere."""
        tune = await self.tune(tune_id, place)
        if not await self.made_here(tune, place):
            raise NotAllowed("a tune is voted on, varied and deleted where it was made")
        return tune

    async def made_here(self, tune: StoredTune, place: Place) -> bool:
        """Whether a tune was made on the server of a place."""
        return tune.server_id == (await self._store.members.register(place))[1]

    async def vote(self, tune_id: int, place: Place, value: int) -> Votes:
        """Set a member's vote to 1 or -1, or withdraw it with 0. BadRequest for another value; as `tune_here`."""
        if value not in (1, -1, 0):
            raise BadRequest(f"a vote is 1 (up), -1 (down) or 0 (withdrawn), not {str(value)[:20]}")
        await self.tune_here(tune_id, place)
        return await self._store.votes.cast(tune_id, (await self.place(place))[0], value)

    async def toggle_vote(self, tune_id: int, place: Place, value: int) -> Votes:
        """Set a member's vote to 1 or -1, or withdraw it where it has that value already. As `tune_here`."""
        await self.tune_here(tune_id, place)
        return await self._store.votes.toggle(tune_id, (await self.place(place))[0], value)

    async def delete(self, tune_id: int, place: Place, admin: bool = False) -> StoredTune:
        """Delete a tune for good, as its composer and admins of its server may. NotFound or NotAllowed."""
        tune = await self.tune_here(tune_id, place)
        if tune.member_id != (await self.place(place))[0] and not admin:
            raise NotAllowed("only the member who had it composed, or an admin of its server, can delete a tune")
        await self._store.tunes.delete(tune_id)
        return tune

    async def top(self, place: Place, period: Period = Period.ALL, rhythm: str | None = None) -> list[Leader]:
        """The best tunes of a place's server by the votes cast in a period; InputError for an unknown rhythm."""
        name = named(rhythm).name if rhythm else None
        member_id, server_id = await self._store.members.register(place)
        return await self._store.tunes.top(server_id, member_id, period, name, LIST_LENGTH)

    async def search(self, place: Place, wanted: Search, page: int = 1) -> tuple[list[StoredTune], bool]:
        """A page of the tunes of a place's server that are as `wanted`, from 1; and whether there are more."""
        member_id, server_id = await self._store.members.register(place)
        page = min(max(page, 1), MOST_PAGES)
        offset = (page - 1) * PAGE_LENGTH
        found = await self._store.tunes.search(server_id, member_id, wanted, PAGE_LENGTH + 1, offset)
        return found[:PAGE_LENGTH], len(found) > PAGE_LENGTH and page < MOST_PAGES

    async def mine(self, place: Place, before: int | None = None) -> tuple[list[StoredTune], bool]:
        """A member's newest tunes, older than tune `before`, newest first; and whether there are more."""
        member_id, _ = await self._store.members.register(place)
        tunes = await self._store.tunes.of_member(member_id, before=before, limit=LIST_LENGTH + 1)
        return tunes[:LIST_LENGTH], len(tunes) > LIST_LENGTH

    async def similar(self, tune: StoredTune, most: int = MOST_SIMILAR) -> list[tuple[StoredTune, float]]:
        """The most similar tunes of a tune's server, each with its similarity, 0 to 1.

        Of the tunes of its rhythm and mode only the newest COMPARED are considered.
        """
        keys = [str(key) for key in all_keys() if key.mode == tune.prompt.key.mode]
        others = await self._store.tunes.newest_like(tune, keys, COMPARED)
        alike = await asyncio.to_thread(abc_similarity.alike, tune.abc, [abc for _, abc in others])
        best = sorted(zip(alike, (number for number, _ in others), strict=True), reverse=True)[:most]
        found = {other.id: other for other in await self._store.tunes.load_all([number for _, number in best])}
        return [(found[number], share) for share, number in best if share >= LEAST_SIMILARITY and number in found]

    async def relations(self, tune: StoredTune, place: Place) -> Relations:
        """What a tune varies, what varies it, and what is like it, as far as the member of a place may see those."""
        related = [tune.varied_from] if tune.varied_from else []
        variations = await self._store.tunes.variations(tune.id, MOST_VARIATIONS)
        _, server_id = await self._store.members.register(place)
        loaded = {one.id: one for one in await self._store.tunes.load_all([*related, *variations])}
        found = {number: one for number, one in loaded.items() if one.server_id == server_id}
        return Relations(
            varies=found.get(tune.varied_from or 0),
            varied_by=tuple(found[number] for number in variations if number in found),
            similar=tuple(await self.similar(tune)) if tune.server_id == server_id else (),
        )

    async def history(
        self, server_id: int, member_id: int, before: int | None = None, limit: int = 20
    ) -> list[tuple[StoredPrompt, tuple[StoredTune, ...]]]:
        """A server's newest prompts older than prompt `before`, oldest first, each with its tunes."""
        return await self._store.tunes.history(server_id, member_id, before, min(max(limit, 1), LONGEST_PAGE))

    async def files(self, tune: StoredTune, kinds: Collection[str] = KINDS) -> Media:
        """The files of a tune, by kind; its ABC has chord symbols. BadRequest for an unknown kind, RenderError."""
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise BadRequest(f"there is no {unknown[0][:20]!r} of a tune: ask for {', '.join(KINDS)}")
        files = dict(self._cache.get((tune.id, None)))
        if any(kind not in files for kind in kinds):
            try:
                files |= await self._once((tune.id, None), "files", lambda: self._render(tune))
            except RenderError:
                if set(kinds) != {"abc"}:
                    raise
                files["abc"] = tune.abc.encode()  # the melody as it is stored
        return {kind: files[kind] for kind in kinds}

    async def recording(self, tune: StoredTune, playing: Playing) -> bytes:
        """A tune as MP3, played in another way than was asked for. RenderError."""
        if playing == Playing.of(tune.prompt):
            return (await self.files(tune, ["mp3"]))["mp3"]
        key = tune.id, playing
        media = self._cache.get(key) or await self._once(key, "mp3", lambda: self._record(tune, playing))
        return media["mp3"]

    async def score(self, tune: StoredTune, narrow: bool = False) -> Media:
        """A tune's `svg`, for phones where it is `narrow`, and `times`, as bot.render.score has them. RenderError."""
        kind = "narrow" if narrow else "score"
        cached = self._cache.get((tune.id, None))
        if kind not in cached:
            cached = await self._once((tune.id, None), kind, lambda: self._scored(tune, narrow))
        return {"svg": cached[kind], "times": cached["times"]}

    def forget(self, tune_id: int) -> None:
        """Render the files of a tune anew when they are asked for next, since it has changed."""
        self._cache.remove(tune_id)

    def remember(self, tune_id: int, media: Media) -> None:
        """Keep the files of a new tune in memory, since its front end needs them next."""
        self._cache.put((tune_id, None), media)

    @staticmethod
    def file_name(tune: StoredTune, kind: str) -> str:
        """A file name that is safe on every system, of the tune's title and number: `the-long-lane-42.mid`."""
        plain = unicodedata.normalize("NFKD", tune.title).encode("ascii", "ignore").decode().lower().replace("'", "")
        words = re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-")
        return f"{words or 'tune'}-{tune.id}.{kind}"

    async def _once(self, key: Key, kind: str, make: Callable[[], Coroutine[Any, Any, Media]]) -> Media:
        """What `make` makes; calls for the same at the same time share one rendering."""
        task = self._rendering.get((key, kind))
        if task is None:
            task = self._rendering[key, kind] = asyncio.create_task(make())
            task.add_done_callback(lambda _: self._rendering.pop((key, kind)))
        return await asyncio.shield(task)  # a caller that is cancelled does not cancel it for the others

    async def _render(self, tune: StoredTune) -> Media:
        """All rendered files of a tune."""
        cached = self._cache.get((tune.id, None))
        missing = [kind for kind in render.KINDS if kind not in cached]
        media = {**cached, **await self._renderer.render(tune.abc, missing, Playing.of(tune.prompt))}
        self._cache.put((tune.id, None), media)
        return media

    async def _record(self, tune: StoredTune, playing: Playing) -> Media:
        media = await self._renderer.render(tune.abc, ["mp3"], playing)
        self._cache.put((tune.id, playing), media)
        return media

    async def _scored(self, tune: StoredTune, narrow: bool) -> Media:
        made = await self._renderer.score(tune.abc, narrow, Playing.of(tune.prompt))
        media = {"narrow" if narrow else "score": made["svg"], "times": made["times"]}
        self._cache.put((tune.id, None), media)
        return media
