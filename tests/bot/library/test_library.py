"""The library: files that are rendered once, votes, history, file names."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from bot.core.errors import BadRequest, NotAllowed, NotFound, RenderError
from bot.core.rendering import Playing
from bot.core.values import Place, StoredTune, Votes
from bot.library.library import Library
from bot.render import KINDS
from bot.store import Store
from tests.bot.store.samples import ABC, a_member, a_prompt, a_tune, new_tunes

ANN = Place("web", "home", "ann", "Ann")


class CountingRenderer:
    """Renders a line of text for each kind, records the calls, and fails while `broken`."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.started = asyncio.Event()
        self.broken = False

    async def render(
        self,
        abc: str,
        kinds: Iterable[str] = KINDS,
        playing: Playing = Playing(),  # noqa: B008
    ) -> dict[str, bytes]:
        self.calls.append(sorted(kinds))
        self.started.set()
        await asyncio.sleep(0)  # others come in between
        if self.broken:
            raise RenderError("the fonts are missing")
        return {kind: f"{kind} of {len(abc)} at {playing.tempo}".encode() for kind in self.calls[-1]}

    async def score(self, abc: str, narrow: bool = False, playing: Playing = Playing()) -> dict[str, bytes]:  # noqa: B008
        self.calls.append(["narrow" if narrow else "score"])
        await asyncio.sleep(0)
        return {"svg": f"{narrow} of {len(abc)}".encode(), "times": b"{}"}


@pytest.fixture
def renderer() -> CountingRenderer:
    return CountingRenderer()


@pytest.fixture
def library(store: Store, renderer: CountingRenderer) -> Library:
    return Library(store, renderer)


ALL = ["abc", "mid", "mp3", "png"]


async def test_a_fresh_tunes_files_are_not_rendered_again(
    store: Store, library: Library, renderer: CountingRenderer
) -> None:
    tune = await a_tune(store)
    library.remember(tune.id, {"png": b"picture", "mid": b"notes", "mp3": b"sound", "abc": b"chords"})
    assert await library.files(tune, ["png", "abc"]) == {"png": b"picture", "abc": b"chords"}
    assert renderer.calls == []


async def test_each_layout_of_a_score_is_engraved_once(
    store: Store, library: Library, renderer: CountingRenderer
) -> None:
    tune = await a_tune(store)
    for narrow in (False, True):
        scores = await asyncio.gather(*(library.score(tune, narrow) for _ in range(5)))
        assert [*scores, await library.score(tune, narrow)] == 6 * [
            {"svg": f"{narrow} of {len(ABC)}".encode(), "times": b"{}"}
        ]
    assert renderer.calls == [["score"], ["narrow"]]


async def test_simultaneous_requests_render_once(store: Store, library: Library, renderer: CountingRenderer) -> None:
    tune = await a_tune(store)
    files = await asyncio.gather(*(library.files(tune, [kind]) for kind in ALL * 5))
    assert renderer.calls == [ALL]
    assert files[: len(ALL)] == [{kind: f"{kind} of {len(ABC)} at None".encode()} for kind in ALL]
    assert await library.files(tune, ["mid"]) == files[1]
    assert renderer.calls == [ALL]


async def test_all_files_come_from_one_call(store: Store, library: Library, renderer: CountingRenderer) -> None:
    tune = await a_tune(store)
    for _ in range(2):
        rendered = {kind: f"{kind} of {len(ABC)} at None".encode() for kind in ALL}
        assert await library.files(tune) == rendered
    assert renderer.calls == [ALL]


async def test_only_what_is_missing_is_rendered(store: Store, library: Library, renderer: CountingRenderer) -> None:
    tune = await a_tune(store)
    library.remember(tune.id, {"png": b"picture"})
    assert (await library.files(tune))["png"] == b"picture"
    assert renderer.calls == [["abc", "mid", "mp3"]]


async def test_memory_is_bounded_and_the_least_recently_used_is_dropped(
    store: Store, renderer: CountingRenderer
) -> None:
    prompt = await a_prompt(store)
    first, second, third = await store.prompts.finish(prompt.id, new_tunes(3))
    library = Library(store, renderer, cache_bytes=330)
    for tune in (first, second):
        library.remember(tune.id, {kind: bytes(40) for kind in ALL})
    await library.files(first, ["png"])
    library.remember(third.id, {kind: bytes(40) for kind in ALL})
    await library.files(first, ["png"])
    await library.files(third, ["png"])
    assert renderer.calls == []
    await library.files(second, ["png"])
    assert renderer.calls == [ALL]


async def test_files_larger_than_the_memory_are_still_served(store: Store, renderer: CountingRenderer) -> None:
    tune = await a_tune(store)
    library = Library(store, renderer, cache_bytes=0)
    assert await library.files(tune, ["mid"])
    assert await library.files(tune, ["mp3"])
    assert renderer.calls == [ALL, ALL]


async def test_a_cancelled_call_does_not_stop_the_others(
    store: Store, library: Library, renderer: CountingRenderer
) -> None:
    tune = await a_tune(store)
    cancelled, other = (asyncio.create_task(library.files(tune, ["mid"])) for _ in range(2))
    await renderer.started.wait()
    cancelled.cancel()
    assert await other
    assert renderer.calls == [ALL]


async def test_a_failure_reaches_every_call_and_is_not_kept(
    store: Store, library: Library, renderer: CountingRenderer
) -> None:
    tune = await a_tune(store)
    renderer.broken = True
    answers = await asyncio.gather(*(library.files(tune, ["mid"]) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [RenderError] * 3
    renderer.broken = False
    assert await library.files(tune, ["mid"])


async def test_a_deleted_tune_is_not_found(store: Store, library: Library) -> None:
    tune = await a_tune(store)
    await store.tunes.delete(tune.id)
    with pytest.raises(NotFound, match="deleted"):
        await library.tune(tune.id, ANN)


async def test_an_unknown_kind_of_file_is_refused(store: Store, library: Library) -> None:
    tune = await a_tune(store)
    with pytest.raises(BadRequest, match="ask for png, mid, mp3, abc"):
        await library.files(tune, ["png", "../../etc/passwd"])


async def test_a_vote_is_up_down_or_withdrawn(store: Store, library: Library) -> None:
    tune = await a_tune(store)
    assert await library.vote(tune.id, ANN, 1) == Votes(1, 0, 1)
    assert (await library.tune(tune.id, ANN)).votes.mine == 1
    with pytest.raises(BadRequest, match="not 2"):
        await library.vote(tune.id, ANN, 2)
    with pytest.raises(NotFound):
        await library.vote(10**30, ANN, 1)


async def test_a_tune_is_there_on_its_server_and_for_its_composer(store: Store, library: Library) -> None:
    tune = await a_tune(store)
    assert (await library.tune_here(tune.id, Place("web", "home", "ben"))).id == tune.id
    away = Place("web", "away", "ann")
    assert (await library.tune(tune.id, away)).id == tune.id
    for ask in (
        library.tune_here(tune.id, away),
        library.vote(tune.id, away, 1),
        library.toggle_vote(tune.id, away, 1),
    ):
        with pytest.raises(NotAllowed, match="where it was made"):
            await ask
    with pytest.raises(NotAllowed):
        await library.delete(tune.id, away, admin=True)
    with pytest.raises(NotFound, match=f"there is no tune {tune.id}, or it was deleted"):
        await library.tune(tune.id, Place("web", "away", "ben"))


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


async def test_the_abc_that_is_shown_is_the_renderers_and_without_it_the_stored_one(
    store: Store, library: Library, renderer: CountingRenderer
) -> None:
    tune = await a_tune(store)
    assert await library.files(tune, ["abc"]) == {"abc": f"abc of {len(tune.abc)} at None".encode()}
    renderer.broken = True
    assert await Library(store, renderer).files(tune, ["abc"]) == {"abc": ABC.encode()}


async def test_a_recording_in_another_way_is_rendered_once_and_leaves_the_usual_one(
    store: Store, library: Library, renderer: CountingRenderer
) -> None:
    tune = await a_tune(store)
    usual = (await library.files(tune, ["mp3"]))["mp3"]
    for _ in range(2):
        assert await library.recording(tune, Playing(90)) == f"mp3 of {len(tune.abc)} at 90".encode()
    assert await library.recording(tune, Playing.of(tune.prompt)) == usual
    assert renderer.calls == [sorted(KINDS), ["mp3"]]
