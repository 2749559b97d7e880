"""Tunebooks: the favourites of a member, or of a server, as one ABC file and one PDF."""

import asyncio
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from bot.core.errors import Busy, NotFound
from bot.core.rendering import Playing
from bot.core.values import Place, StoredTune
from bot.store import Store
from model.music.rhythm import RHYTHMS

MOST = 50  # tunes of one book


class Binder(Protocol):
    """What renders tunes and books, such as a Renderer."""

    async def render(self, abc: str, kinds: Collection[str] = ..., playing: Playing = ...) -> dict[str, bytes]:
        """As bot.render.Renders."""
        ...

    async def book(self, book: dict[str, Any]) -> bytes:
        """A PDF. Raises RenderError."""
        ...


@dataclass(frozen=True)
class Tunebook:
    """A book of `count` tunes, ordered by rhythm and title. `name` is that of its files, without their endings."""

    title: str
    name: str
    count: int
    abc: bytes
    pdf: bytes


class Tunebooks:
    """Makes books one at a time, so that new tunes get their turn in the renderer."""

    def __init__(self, store: Store, binder: Binder) -> None:
        self._store = store
        self._binder = binder
        self._turn = asyncio.Lock()
        self._waiting: set[int] = set()  # members

    async def of_member(self, place: Place) -> Tunebook:
        """The last tunes that the member voted up here, or composed anywhere. NotFound where there are none; Busy,
        RenderError.
        """
        member_id, server_id = await self._store.members.register(place)
        tunes = await self._store.votes.favourites(member_id, server_id, MOST)
        if not tunes:
            raise NotFound("your tunebook is empty: vote 👍 on the tunes that you like here, and they will be in it")
        return await self._make(member_id, f"{place.member_name or 'My'}’s favourites", tunes)

    async def of_server(self, place: Place, name: str) -> Tunebook:
        """The best tunes of the member's server, of all time. NotFound where there are none; Busy, RenderError."""
        member_id, server_id = await self._store.members.register(place)
        tunes = [leader.tune for leader in await self._store.tunes.top(server_id, member_id, limit=MOST)]
        if not tunes:
            raise NotFound("nobody here has voted 👍 on a tune yet, so the tunebook is empty")
        return await self._make(member_id, f"Favourites of {name}" if name else "Favourites", tunes)

    async def _make(self, member_id: int, title: str, tunes: Sequence[StoredTune]) -> Tunebook:
        if member_id in self._waiting:
            raise Busy("your last tunebook is still being bound: ask again when it is there")
        self._waiting.add(member_id)
        try:
            async with self._turn:
                return await self._bind(title, sorted(tunes, key=_order))
        finally:
            self._waiting.discard(member_id)

    async def _bind(self, title: str, tunes: Sequence[StoredTune]) -> Tunebook:
        texts = [await self._with_chords(tune) for tune in tunes]
        words = "One tune" if len(tunes) == 1 else f"{len(tunes)} tunes"
        day = datetime.now(UTC)
        book = {
            "title": title,
            "subtitle": f"{words} composed with Tunesmith",
            "note": f"{day.day} {day:%B %Y}",
            "tunes": [{"abc": abc, "source": f"/tune {tune.id}"} for abc, tune in zip(texts, tunes, strict=True)],
        }
        pdf = await self._binder.book(book)
        return Tunebook(title, _file_name(title), len(tunes), _abc(title, texts), pdf)

    async def _with_chords(self, tune: StoredTune) -> str:
        rendered = await self._binder.render(tune.abc, ["abc"], Playing.of(tune.prompt))
        return rendered["abc"].decode()


def _order(tune: StoredTune) -> tuple[int, str, int]:
    rhythms = list(RHYTHMS)
    rhythm = tune.prompt.rhythm
    position = rhythms.index(rhythm) if rhythm in rhythms else len(rhythms)
    return position, tune.title.casefold().removeprefix("the "), tune.id


def _abc(title: str, tunes: Sequence[str]) -> bytes:
    """A tune file of the ABC standard 2.1: its tunes numbered from 1, a blank line between them."""
    numbered = [re.sub(r"\AX:.*", f"X:{n}", abc.strip()) for n, abc in enumerate(tunes, start=1)]
    head = f"%abc-2.1\n% {' '.join(title.split())}"
    return ("\n\n".join([head, *numbered]) + "\n").encode()


def _file_name(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-") or "tunebook"
