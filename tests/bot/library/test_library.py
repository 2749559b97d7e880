import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import BadRequest, NotFound, RenderError
from bot.core.values import Place, StoredTune, Votes
from bot.library.library import Library
from bot.store import Store
from tests.bot.store.samples import ABC, a_member, a_prompt, a_tune, new_tunes


class SlowPrinter:
    """Renders nothing much, counts how often, and fails when told to."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.started = asyncio.Event()
        self.broken = False

    async def render(self, abc: str, kinds: Iterable[str]) -> dict[str, bytes]:
        self.calls.append(sorted(kinds))
        self.started.set()
        await asyncio.sleep(0.01)
        if self.broken:
            raise RenderError("the printer is out of ink")
        return {kind: f"{kind} of {len(abc)}".encode() for kind in self.calls[-1]}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "tunesmith.db") as opened:
        yield opened


@pytest.fixture
def printer() -> SlowPrinter:
    return SlowPrinter()


@pytest.fixture
def library(store: Store, printer: SlowPrinter) -> Library:
    return Library(store, printer)


ALL = ["mid", "mp3", "png"]


async def test_a_fresh_tunes_files_are_not_rendered_again(store: Store, library: Library, printer: SlowPrinter) -> None:
    tune = await a_tune(store)
    library.remember(tune.id, {"png": b"picture", "mid": b"notes", "mp3": b"sound"})
    assert await library.media(tune.id, "png") == b"picture"
    assert await library.media(tune.id, "abc") == ABC.encode()
    assert printer.calls == []


async def test_simultaneous_requests_render_once(store: Store, library: Library, printer: SlowPrinter) -> None:
    tune = await a_tune(store)
    files = await asyncio.gather(*(library.media(tune.id, kind) for kind in ALL * 5))
    assert printer.calls == [ALL]
    assert files[:3] == [f"{kind} of {len(ABC)}".encode() for kind in ALL]
    assert await library.media(tune.id, "mid") == files[0]
    assert printer.calls == [ALL]


async def test_all_files_come_from_one_call(store: Store, library: Library, printer: SlowPrinter) -> None:
    tune = await a_tune(store)
    rendered = {kind: f"{kind} of {len(ABC)}".encode() for kind in ("png", "mid", "mp3")}
    for _ in range(2):
        assert await library.all_media(tune) == {**rendered, "abc": ABC.encode()}
    assert printer.calls == [ALL]
    library.remember(tune.id, {"png": b"picture"})
    assert (await library.all_media(tune))["png"] == b"picture"
    assert printer.calls == [ALL]


async def test_only_what_is_missing_is_rendered(store: Store, library: Library, printer: SlowPrinter) -> None:
    tune = await a_tune(store)
    library.remember(tune.id, {"png": b"picture"})
    await library.media(tune.id, "mp3")
    assert await library.media(tune.id, "png") == b"picture"
    assert printer.calls == [["mid", "mp3"]]


async def test_memory_is_bounded_and_the_longest_unused_leaves(store: Store, printer: SlowPrinter) -> None:
    prompt = await a_prompt(store)
    first, second, third = await store.prompts.finish(prompt.id, new_tunes(3))
    library = Library(store, printer, cache_bytes=250)
    for tune in (first, second):
        library.remember(tune.id, {kind: bytes(40) for kind in ALL})
    await library.media(first.id, "png")
    library.remember(third.id, {kind: bytes(40) for kind in ALL})
    await library.media(first.id, "png")
    await library.media(third.id, "png")
    assert printer.calls == []
    await library.media(second.id, "png")
    assert printer.calls == [ALL]


async def test_files_larger_than_the_memory_are_still_served(store: Store, printer: SlowPrinter) -> None:
    tune = await a_tune(store)
    library = Library(store, printer, cache_bytes=0)
    assert await library.media(tune.id, "mid")
    assert await library.media(tune.id, "mp3")
    assert printer.calls == [ALL, ALL]


async def test_one_who_leaves_does_not_stop_the_others(store: Store, library: Library, printer: SlowPrinter) -> None:
    tune = await a_tune(store)
    leaver, stayer = (asyncio.create_task(library.media(tune.id, "mid")) for _ in range(2))
    await printer.started.wait()
    leaver.cancel()
    assert await stayer
    assert printer.calls == [ALL]


async def test_a_failure_reaches_everyone_who_waits_and_is_not_kept(
    store: Store, library: Library, printer: SlowPrinter
) -> None:
    tune = await a_tune(store)
    printer.broken = True
    answers = await asyncio.gather(*(library.media(tune.id, "mid") for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [RenderError] * 3
    printer.broken = False
    assert await library.media(tune.id, "mid")


async def test_a_deleted_tune_has_no_files(store: Store, library: Library) -> None:
    tune = await a_tune(store)
    library.remember(tune.id, {"png": b"picture"})
    await store.tunes.delete(tune.id)
    for kind in ("png", "abc"):
        with pytest.raises(NotFound, match="deleted"):
            await library.media(tune.id, kind)
    with pytest.raises(NotFound):
        await library.tune(tune.id)


async def test_an_unknown_kind_of_file_is_refused(store: Store, library: Library) -> None:
    tune = await a_tune(store)
    with pytest.raises(BadRequest, match="ask for png, mid, mp3, abc"):
        await library.media(tune.id, "../../etc/passwd")


async def test_a_vote_is_up_down_or_withdrawn(store: Store, library: Library) -> None:
    tune = await a_tune(store)
    assert await library.vote(tune.id, tune.member_id, 1) == Votes(1, 0, 1)
    assert (await library.tune(tune.id, tune.member_id)).votes.mine == 1
    with pytest.raises(BadRequest, match="not 2"):
        await library.vote(tune.id, tune.member_id, 2)
    with pytest.raises(NotFound):
        await library.vote(10**30, tune.member_id, 1)


async def test_a_place_is_the_same_for_library_and_store(store: Store, library: Library) -> None:
    assert await library.place(Place("web", "home", "ann")) == await a_member(store)


async def test_a_page_of_history_has_a_bounded_length(store: Store, library: Library) -> None:
    member, server = await a_member(store)
    for _ in range(3):
        await a_prompt(store, (member, server))
    assert len(await library.history(server, member, limit=-5)) == 1
    assert len(await library.history(server, member, limit=10**30)) == 3


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("The Long Lane", "the-long-lane-1.mid"),
        ("O'Neill's / Réel à la Noël", "oneills-reel-a-la-noel-1.mid"),
        ("../../etc/passwd", "etc-passwd-1.mid"),
        ("東京", "tune-1.mid"),
        ("a " * 200, "a-" * 29 + "a-1.mid"),
    ],
)
async def test_a_file_name_is_safe_and_readable(store: Store, title: str, name: str) -> None:
    tune: StoredTune = replace(await a_tune(store), title=title)
    assert Library.file_name(tune, "mid") == name
