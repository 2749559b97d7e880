"""A page beyond this machine: nothing without a login, one vote a login, the model for admins alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict
from pydantic import SecretStr

from bot.core.sections import Web
from bot.core.values import State
from bot.web import create_app
from bot.web.ports import Retrainer
from bot.web.sessions import COOKIE
from tests.bot.retraining.retrainers import running_retrainer
from tests.bot.web.conftest import Client, say
from tests.bot.web.fakes import FakeComposer, FakeLibrary

PASSWORD, ADMINS = "of the whole band", "of the conductor"
HOST = {"Host": "tunes.example.org"}


def guarded(**changes: Any) -> Web:
    words = {"password": SecretStr(PASSWORD), "admin_password": SecretStr(ADMINS), "host": "0.0.0.0"}
    return Web(**(words | changes))


@asynccontextmanager
async def served(
    composer: FakeComposer, library: FakeLibrary, section: Web, retrainer: Retrainer | None = None
) -> AsyncIterator[TestServer]:
    app = create_app(composer, library, retrainer, section=section, key=b"k" * 32)
    async with TestServer(app) as server:
        assert isinstance(server, TestServer)
        yield server


@pytest.fixture
async def server(composer: FakeComposer, library: FakeLibrary) -> AsyncIterator[TestServer]:
    async with served(composer, library, guarded()) as server:
        yield server


@asynccontextmanager
async def browser(server: TestServer, **headers: str) -> AsyncIterator[Client]:
    """Somebody's browser, which has not logged in."""
    jar = aiohttp.CookieJar(unsafe=True)
    client: Client = TestClient(server, headers=HOST | headers, cookie_jar=jar)
    await client.start_server()
    yield client
    await client.session.close()


async def log_in(client: Client, password: str = PASSWORD, **headers: str) -> int:
    response = await client.post("/login", json={"password": password}, headers=headers)
    return response.status


async def test_nothing_but_the_login_is_there_without_one(server: TestServer, composer: FakeComposer) -> None:
    async with browser(server) as client:
        page = await client.get("/")
        assert 'id="password"' in await page.text()
        assert COOKIE not in page.cookies
        for path in ("/events", "/history", "/completions", "/tunes/1.png", "/nowhere"):
            response = await client.get(path)
            assert (response.status, await response.json()) == (401, {"error": "Log in first."}), path
        assert (await say(client, "/compose key:D"))[0] == 401
        assert not composer.composed
        for path in ("/static/page.css", "/static/login.js", "/health", "/login"):
            assert (await client.get(path)).status == 200


async def test_the_password_opens_the_page_and_a_wrong_one_does_not(server: TestServer) -> None:
    async with browser(server) as client:
        assert await log_in(client, "of the whole bank") == 403
        assert await log_in(client) == 200
        assert 'id="say"' in await (await client.get("/")).text()
        assert (await say(client, "/compose key:D"))[0] == 202
        assert (await client.post("/logout")).status == 200
        assert (await client.get("/history")).status == 401


async def test_the_cookie_is_signed_and_kept_from_scripts(server: TestServer) -> None:
    async with browser(server) as client:
        response = await client.post("/login", json={"password": PASSWORD})
        cookie = response.cookies[COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert not cookie["secure"]
        response = await client.post("/login", json={"password": PASSWORD}, headers={"X-Forwarded-Proto": "https"})
        assert response.cookies[COOKIE]["secure"], "the proxy on this machine says that it came over TLS"
    async with browser(server) as other:
        for made_up in ("a" * 32, f"1.{'a' * 32}.1.9999999999.{'0' * 64}", cookie.value[:-1]):
            cookies = f"{COOKIE}={made_up}; tunesmith_member={'a' * 32}"
            response = await other.get("/history", headers={"Cookie": cookies})
            assert response.status == 401


async def test_each_login_is_one_member_with_one_vote(server: TestServer, composer: FakeComposer) -> None:
    async with browser(server) as ann, browser(server) as ben:
        for client in (ann, ben):
            assert await log_in(client) == 200
        _, prompt = await say(ann, "/compose key:D")
        (tune,) = composer.advance(prompt["id"], State.DONE).tunes
        for client, expected in ((ann, 1), (ann, 1), (ben, 2)):
            response = await client.post(f"/tunes/{tune.id}/vote", json={"value": 1})
            assert (await response.json())["up"] == expected


async def test_the_model_is_for_whoever_has_the_second_password(
    composer: FakeComposer, library: FakeLibrary, tmp_path: Path
) -> None:
    async with (
        running_retrainer(tmp_path / "data") as running,
        served(composer, library, guarded(), running.retrainer) as server,
        browser(server) as client,
    ):
        await log_in(client)
        status, answer = await say(client, "/model status")
        assert (status, "no command /model" in answer["error"]) == (400, True)
        assert 'id="retrain"' not in await (await client.get("/")).text()
        assert await log_in(client, ADMINS) == 200
        assert (await say(client, "/model status"))[0] == 200
        assert 'id="retrain"' in await (await client.get("/")).text()


async def test_an_address_cannot_guess_for_ever(server: TestServer) -> None:
    async with browser(server) as client:
        for _ in range(10):
            assert await log_in(client, "a wrong one", **{"X-Forwarded-For": "198.51.100.7"}) == 403
        refused = await client.post("/login", json={"password": PASSWORD}, headers={"X-Forwarded-For": "198.51.100.7"})
        assert refused.status == 429
        assert "Too many wrong passwords" in (await refused.json())["error"]
        assert await log_in(client, **{"X-Forwarded-For": "198.51.100.8"}) == 200


async def test_an_address_cannot_flood(server: TestServer) -> None:
    async with browser(server, **{"X-Forwarded-For": "198.51.100.9"}) as client:
        await log_in(client)
        statuses = [(await client.post("/tunes/999/vote", json={"value": 1})).status for _ in range(60)]
    assert (statuses[0], statuses[-1]) == (404, 429)


async def test_a_proxy_names_the_user(composer: FakeComposer, library: FakeLibrary, tmp_path: Path) -> None:
    section = guarded(password=None, user_header="X-Forwarded-User")
    async with (
        running_retrainer(tmp_path / "data") as running,
        served(composer, library, section, running.retrainer) as server,
        browser(server) as client,
    ):
        assert (await client.get("/")).status == 401
        ann = {"X-Forwarded-User": "ann@example.org"}
        assert 'id="say"' in await (await client.get("/", headers=ann)).text()
        first = await client.post("/messages", json={"text": "/compose key:D"}, headers=ann)
        second = await client.post("/messages", json={"text": "/compose key:D"}, headers=ann)
        assert (await first.json())["member"] == (await second.json())["member"], "on whatever device"
        assert (await client.post("/login", json={"password": ADMINS}, headers=ann)).status == 200
        assert (await client.post("/messages", json={"text": "/model status"}, headers=ann)).status == 200
        ben = {"X-Forwarded-User": "ben@example.org"}
        assert (await client.post("/messages", json={"text": "/model status"}, headers=ben)).status == 400


async def test_a_user_header_that_is_there_twice_is_worth_nothing(composer: FakeComposer, library: FakeLibrary) -> None:
    section = guarded(password=None, user_header="X-Forwarded-User")
    async with served(composer, library, section) as server, browser(server) as client:
        twice = CIMultiDict([("X-Forwarded-User", "ann@example.org"), ("X-Forwarded-User", "ben@example.org")])
        assert (await client.get("/", headers=twice)).status == 401


@pytest.mark.parametrize("cookie", [b"\xff\xfe.1", b"1.\xff.1.9.\xff", b"....", b"1" * 4000])
async def test_a_cookie_that_is_no_text_is_none(server: TestServer, cookie: bytes) -> None:
    assert server.port
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    lines = [
        b"GET /history HTTP/1.1",
        b"Host: %s" % HOST["Host"].encode(),
        b"Cookie: %s=%s" % (COOKIE.encode(), cookie),
    ]
    writer.write(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
    assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.close()


async def test_a_password_that_is_half_a_character_is_wrong(server: TestServer) -> None:
    async with browser(server) as client:
        body = b'{"password": "\\ud800"}'
        response = await client.post("/login", data=body, headers={"Content-Type": "application/json"})
        assert response.status == 403


async def test_a_user_header_that_no_proxy_of_ours_sent_is_worth_nothing(
    composer: FakeComposer, library: FakeLibrary
) -> None:
    section = guarded(password=None, user_header="X-Forwarded-User", proxies=("10.0.0.0/8",))
    async with served(composer, library, section) as server, browser(server) as client:
        assert (await client.get("/", headers={"X-Forwarded-User": "ann@example.org"})).status == 401


async def test_other_sites_and_other_names_are_refused(composer: FakeComposer, library: FakeLibrary) -> None:
    section = guarded(origin="https://tunes.example.org")
    async with served(composer, library, section) as server, browser(server) as client:
        assert (await client.get("/", headers={"Host": "evil.example"})).status == 421
        for origin, status in (("https://evil.example", 403), ("http://tunes.example.org", 403),
                                   ("https://tunes.example.org", 200)):  # fmt: skip
            assert await log_in(client, Origin=origin) == status


async def test_metrics_are_for_this_machine_alone(server: TestServer) -> None:
    async with browser(server) as client:
        assert (await client.get("/metrics")).status == 404, "this page has none, but it may be asked"
        assert (await client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.7"})).status == 401
