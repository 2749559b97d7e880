"""Tunebooks: which tunes are in a book, in what order, and one book at a time."""

import asyncio
import re
from collections.abc import Collection
from typing import Any

import pytest

from bot.core.errors import Busy, NotFound
from bot.core.rendering import Playing
from bot.core.values import NewTune, Place
from bot.library.tunebook import MOST, Tunebooks
from bot.render import KINDS
from bot.store import Store
from tests.bot.store.samples import a_member, a_prompt, a_tune, new_tunes

ANN = Place("web", "home", "ann", "Ann")


class Binder:
    """Records the books that it is given; `go` lets it finish them."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.go.set()
        self.books: list[dict[str, Any]] = []
        self.at_once = 0

    async def render(
        self,
        abc: str,
        kinds: Collection[str] = KINDS,
        playing: Playing = Playing(),  # noqa: B008
    ) -> dict[str, bytes]:
        return dict.fromkeys(kinds, abc.encode())

    async def book(self, book: dict[str, Any]) -> bytes:
        self.books.append(book)
        self.at_once += 1
        self.begun.set()
        assert self.at_once == 1
        await self.go.wait()
        self.at_once -= 1
        return b"%PDF"


async def test_a_members_book_holds_what_the_member_likes(store: Store) -> None:
    tunes = [await a_tune(store) for _ in range(3)]
    ann, _ = await a_member(store)
    await store.votes.cast(tunes[0].id, ann, 1)
    await store.votes.cast(tunes[2].id, ann, 1)
    await store.votes.cast(tunes[1].id, (await a_member(store, "ben"))[0], 1)
    binder = Binder()
    book = await Tunebooks(store, binder).of_member(ANN)
    assert (book.title, book.name, book.count, book.pdf) == ("Ann’s favourites", "anns-favourites", 2, b"%PDF")
    assert binder.books[0]["subtitle"] == "2 tunes composed with Tunesmith"
    assert [tune["source"] for tune in binder.books[0]["tunes"]] == [f"/tune {tunes[0].id}", f"/tune {tunes[2].id}"]
    server = await Tunebooks(store, binder).of_server(ANN, "The Session")
    assert (server.title, server.count) == ("Favourites of The Session", 3)


async def test_a_members_book_holds_what_was_made_here_or_by_the_member(store: Store) -> None:
    ann, _ = await a_member(store)
    ben, ben_away = await a_member(store, "ben", "away")
    for ids in (await a_member(store, "ben"), (ben, ben_away), await a_member(store, "ann", "away")):
        await store.votes.cast((await a_tune(store, ids)).id, ann, 1)
    book = await Tunebooks(store, binder := Binder()).of_member(ANN)
    assert (book.count, [tune["source"] for tune in binder.books[0]["tunes"]]) == (2, ["/tune 1", "/tune 3"])


async def test_the_abc_file_numbers_its_tunes(store: Store) -> None:
    prompt = await a_prompt(store)
    names = ["The Zebra", "An Apple", "The Bee"]
    new = [NewTune(n, n, name, tune.abc.replace("The Long Lane", name)) for n, (name, tune) in enumerate(
        zip(names, new_tunes(3), strict=True)
    )]  # fmt: skip
    for tune in await store.prompts.finish(prompt.id, new):
        await store.votes.cast(tune.id, tune.member_id, 1)
    text = (await Tunebooks(store, Binder()).of_member(ANN)).abc.decode()
    assert text.startswith("%abc-2.1\n")
    assert re.findall("^X:(.*)", text, re.MULTILINE) == ["1", "2", "3"]
    assert re.findall("^T:(.*)", text, re.MULTILINE) == ["An Apple", "The Bee", "The Zebra"]
    assert len(text.split("\n\n")) == 4


async def test_an_empty_book_says_how_to_fill_it(store: Store) -> None:
    books = Tunebooks(store, Binder())
    with pytest.raises(NotFound, match="vote 👍"):
        await books.of_member(ANN)
    with pytest.raises(NotFound, match="nobody here"):
        await books.of_server(ANN, "Home")


async def test_books_are_made_one_at_a_time_and_one_a_member(store: Store) -> None:
    binder = Binder()
    binder.go.clear()
    books = Tunebooks(store, binder)
    for name in ("ann", "ben"):
        tune = await a_tune(store)
        await store.votes.cast(tune.id, (await a_member(store, name))[0], 1)
    ann = asyncio.create_task(books.of_member(ANN))
    ben = asyncio.create_task(books.of_member(Place("web", "home", "ben", "Ben")))
    await binder.begun.wait()
    with pytest.raises(Busy, match="still being bound"):
        await books.of_server(ANN, "Home")
    binder.go.set()
    assert {(await ann).title, (await ben).title} == {"Ann’s favourites", "Ben’s favourites"}
    assert (await books.of_member(ANN)).count == 1


async def test_a_book_has_room_for_so_many(store: Store) -> None:
    prompt = await a_prompt(store)
    for tune in await store.prompts.finish(prompt.id, new_tunes(MOST + 2)):
        await store.votes.cast(tune.id, tune.member_id, 1)
    books = Tunebooks(store, Binder())
    assert (await books.of_member(ANN)).count == (await books.of_server(ANN, "")).count == MOST
