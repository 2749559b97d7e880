"""The library without JavaScript."""

from datetime import UTC, datetime

import pytest

from bot.core.search import Order
from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.conftest import Client, say
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore

OTHER = Place("web", "local", "other", "Merry Piper")


@pytest.fixture
def tunes(store: FakeStore, composer: FakeComposer) -> None:
    for key in ("D", "Edor", "G"):
        composer.advance(store.add_prompt(OTHER, parse_prompt(key, "reel")).id, State.DONE)


async def test_tunes_are_listed_in_pages(client: Client, tunes: None) -> None:
    first = await (await client.get("/library")).text()
    assert first.index("/tune/3") < first.index("/tune/2")
    assert "/tune/1" not in first
    assert "/library?page=2" in first
    assert "/tune/1" in await (await client.get("/library?page=2")).text()


async def test_every_field_is_asked_for(client: Client, tunes: None, library: FakeLibrary) -> None:
    query = "q=lantern&key=Edor&rhythm=reels&notes=EBBA&since=2026-01-01&until=2026-01-31&mine=1&favourites=1&by=best"
    response = await client.get(f"/library?{query}")
    assert response.status == 200
    (wanted,) = library.searched
    assert (wanted.title, wanted.key, wanted.rhythm, wanted.order) == ("lantern", "Edor", "reel", Order.BEST)
    assert (wanted.mine, wanted.favourites, len(wanted.steps)) == (True, True, 1)
    assert (wanted.since, wanted.until) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert 'value="lantern"' in await response.text()


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("notes=zz", "At least 4 notes"),
        ("notes=%3Cscript%3E", "cannot be read"),
        ("key=H", "key"),
        ("rhythm=tango", "rhythm"),
        ("since=yesterday", "no day"),
        ("page=x", ""),
        ("q=" + "%F0%9F%8E%BB" * 500, "No tune is like that"),
        ("q=%3Cscript%3Ealert(1)%3C/script%3E", "No tune is like that"),
    ],
)
async def test_what_cannot_be_read_is_said(client: Client, tunes: None, query: str, line: str) -> None:
    response = await client.get(f"/library?{query}")
    text = await response.text()
    assert response.status == 200
    assert line.lower() in text.lower()
    assert "<script>alert" not in text


async def test_commands_find_tunes_as_on_discord(client: Client, tunes: None) -> None:
    status, answer = await say(client, "/tune id:2")
    assert (status, answer["card"]["id"]) == (200, 2)
    assert (await say(client, "/tune id:99"))[0] == 404
    assert (await say(client, "/tune"))[0] == 400
    assert (await say(client, "/mine"))[1]["tunes"] == []
    assert "empty" in (await say(client, "/tunebook"))[1]["lines"][0]
    await client.post("/tunes/2/vote", json={"value": 1})
    assert [tune["id"] for tune in (await say(client, "/top period:week rhythm:reel"))[1]["tunes"]] == [2]
    assert [tune["id"] for tune in (await say(client, "/tunebook"))[1]["tunes"]] == [2]
    assert (await say(client, "/top period:century"))[0] == 400
