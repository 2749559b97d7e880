"""Files of tunes have the right type, are cached by browsers, and come in the ranges that Safari needs."""

import pytest

from bot.core.rendering import Playing
from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.conftest import Client, say
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore


@pytest.fixture
async def tune(client: Client, composer: FakeComposer, library: FakeLibrary) -> str:
    """The address of a finished tune, without its kind."""
    library.media["mp3"] = bytes(range(256)) * 4
    await say(client, "/compose key:Edor rhythm:reel")
    composer.advance(1, State.DONE)
    return "/tunes/1"


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("png", "image/png"),
        ("mid", "audio/midi"),
        ("mp3", "audio/mpeg"),
        ("abc", "text/vnd.abc; charset=utf-8"),
    ],
)
async def test_each_kind_has_its_type_and_name(
    client: Client, tune: str, library: FakeLibrary, kind: str, content_type: str
) -> None:
    response = await client.get(f"{tune}.{kind}")
    assert response.status == 200
    assert response.headers["Content-Type"] == content_type
    assert f"The%20Silver%20Heron.{kind}" in response.headers["Content-Disposition"]
    assert await response.read() == library.media[kind]


async def test_a_file_is_immutable_under_its_version_only(client: Client, tune: str) -> None:
    prompts = (await (await client.get("/history?before=99")).json())["prompts"]
    version = prompts[0]["tunes"][0]["version"]
    assert "immutable" in (await client.get(f"{tune}.png?v={version}")).headers["Cache-Control"]
    for other in ("", "?v=another-database"):
        assert "no-cache" in (await client.get(f"{tune}.png{other}")).headers["Cache-Control"]


async def test_a_file_that_the_browser_has_is_not_sent_again(client: Client, tune: str) -> None:
    etag = (await client.get(f"{tune}.png")).headers["ETag"]
    response = await client.get(f"{tune}.png", headers={"If-None-Match": etag})
    assert (response.status, await response.read()) == (304, b"")


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [("bytes=0-1", 0, 1), ("bytes=100-", 100, 1023), ("bytes=-10", 1014, 1023), ("bytes=1000-9999", 1000, 1023)],
)
async def test_a_player_gets_the_bytes_it_asks_for(
    client: Client, tune: str, library: FakeLibrary, header: str, first: int, last: int
) -> None:
    response = await client.get(f"{tune}.mp3", headers={"Range": header})
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/1024"
    assert await response.read() == library.media["mp3"][first : last + 1]


@pytest.mark.parametrize("header", ["bytes=5000-", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused(client: Client, tune: str, header: str) -> None:
    response = await client.get(f"{tune}.mp3", headers={"Range": header})
    assert response.status == 416
    assert response.headers["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "nonsense"])
async def test_unsupported_ranges_get_the_whole_file(client: Client, tune: str, header: str) -> None:
    response = await client.get(f"{tune}.mp3", headers={"Range": header})
    assert (response.status, len(await response.read())) == (200, 1024)


async def test_a_range_of_an_older_file_gets_the_whole_file(client: Client, tune: str) -> None:
    response = await client.get(f"{tune}.mp3", headers={"Range": "bytes=0-1", "If-Range": '"older"'})
    assert response.status == 200


@pytest.mark.parametrize("path", ["/tunes/99.png", "/tunes/1.exe", "/tunes/x.png", f"/tunes/{'9' * 30}.png"])
async def test_a_missing_file_is_answered_with_one_line(client: Client, tune: str, path: str) -> None:
    response = await client.get(path)
    assert response.status == 404
    assert (await response.json())["error"]


async def test_tunes_of_other_servers_are_not_found(client: Client, composer: FakeComposer, store: FakeStore) -> None:
    elsewhere = Place("discord", "42", "7", "Someone")
    prompt = store.add_prompt(elsewhere, parse_prompt("D"))
    composer.advance(prompt.id, State.DONE)
    assert (await client.get("/tunes/1.png")).status == 404
    assert (await client.post("/tunes/1/vote", json={"value": 1})).status == 404
    assert (await client.post("/tunes/1/again", json={})).status == 404
    assert (await (await client.get("/history?before=99")).json())["prompts"] == []


async def test_a_recording_is_played_as_the_query_asks(client: Client, tune: str, library: FakeLibrary) -> None:
    response = await client.get(f"{tune}.mp3?tempo=90&instrument=tin+whistle&band=no")
    assert (response.status, response.content_type) == (200, "audio/mpeg")
    assert (await client.get(f"{tune}.mp3?tempo=&band=yes")).status == 200
    assert library.recorded == [Playing(90, "whistle", False), Playing()]


@pytest.mark.parametrize("query", ["tempo=0", "tempo=10000", "tempo=fast", "instrument=kazoo", "band=perhaps"])
async def test_a_recording_that_nobody_can_play_is_refused_in_one_line(client: Client, tune: str, query: str) -> None:
    response = await client.get(f"{tune}.mp3?{query}")
    assert response.status == 400
    assert query.split("=")[0] in (await response.json())["error"].lower()
