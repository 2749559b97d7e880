"""The page of a tune: what it says without JavaScript, and what an address says that leads nowhere."""

from dataclasses import replace

import pytest

from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.conftest import Client
from tests.bot.web.fakes import ABC, FakeComposer, FakeStore

OTHER = Place("web", "local", "other", "Merry Piper")


@pytest.fixture
def tune(store: FakeStore, composer: FakeComposer) -> int:
    composer.advance(store.add_prompt(OTHER, parse_prompt("Edor", "reel", seed=7)).id, State.DONE)
    return 1


async def test_a_tune_has_everything_without_javascript(client: Client, tune: int, composer: FakeComposer) -> None:
    await composer.vary(OTHER, composer.store.tunes[tune], "parts")
    composer.advance(2, State.DONE)
    response = await client.get("/tune/1")
    text = await response.text()
    assert response.status == 200
    for part in (
        *(
            "<h1",
            "The Silver Heron",
            "E dorian",
            "reel",
            "100 bpm",
            "Merry Piper",
            "The Boys of Malin",
            ABC.split("\n")[-2],
        ),
        *("/tunes/1/score.svg", "/tunes/1/narrow.svg", "<audio controls", "/tunes/1.mid", "/tunes/1.abc"),
        '<a href="/tune/2">Biddy’s Lantern</a>',
    ):
        assert part in text
    assert '<a href="/tune/1">The Silver Heron</a>' in await (await client.get("/tune/2")).text()


@pytest.mark.parametrize("path", ["/tune/99", "/tune/0", "/tune/abc", "/tune/1.5", "/tune/" + "9" * 40, "/tune/٣"])
async def test_an_address_that_leads_nowhere_has_a_way_on(client: Client, path: str) -> None:
    response = await client.get(path)
    text = await response.text()
    assert response.status == 404
    assert 'href="/library"' in text
    assert 'href="/"' in text


async def test_markup_in_a_title_stays_text(client: Client, store: FakeStore, tune: int) -> None:
    store.tunes[tune] = replace(store.tunes[tune], title="<script>x</script>" * 100, abc="</pre><script>")
    text = await (await client.get("/tune/1")).text()
    assert "<script>x" not in text
    assert "</pre><script>" not in text


async def test_whoever_opens_a_shared_tune_first_becomes_a_member(client: Client, tune: int) -> None:
    client.session.cookie_jar.clear()
    response = await client.get("/tune/1")
    assert "tunesmith_member" in response.cookies


async def test_a_composer_deletes_a_tune_and_others_may_not(client: Client, store: FakeStore, tune: int) -> None:
    assert (await client.post("/tunes/1/delete", json={})).status == 403
    assert tune in store.tunes
    assert "delete" not in await (await client.get("/tune/1")).text()
