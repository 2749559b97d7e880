"""Members of the page: their cookie, their id and their name."""

import pytest
from aiohttp.test_utils import TestServer

from bot.web import identity
from bot.web.identity import COOKIE
from tests.bot.web.conftest import Client, say, visitor
from tests.bot.web.fakes import FakeComposer


async def test_the_page_names_its_member_and_keeps_the_cookie(server: TestServer) -> None:
    async with visitor(server) as client:
        first = await client.get("/")
        html = await first.text()
        cookie = first.cookies[COOKIE]
        assert (len(cookie.value), cookie["httponly"], cookie["samesite"]) == (32, True, "Lax")
        assert int(cookie["max-age"]) >= 365 * 24 * 3600
        assert identity.display_name(cookie.value) in html
        again = await client.get("/")
        assert again.cookies[COOKIE].value == cookie.value
        assert await again.text() == html


async def test_the_cookie_itself_is_never_stored(client: Client, composer: FakeComposer) -> None:
    await say(client, "/compose key:D")
    (cookie,) = client.session.cookie_jar
    place, _, _ = composer.composed[0]
    assert (place.platform, place.server) == ("web", "local")
    assert cookie.value not in place.member
    assert place.member_name.count(" ") == 1


@pytest.mark.parametrize("cookie", ["", "short", "z" * 32, "a" * 31 + "'"])
async def test_a_request_without_a_valid_cookie_is_answered_with_reload(client: Client, cookie: str) -> None:
    client.session.cookie_jar.clear()
    response = await client.post("/messages", json={"text": "/compose key:D"}, headers={"Cookie": f"{COOKIE}={cookie}"})
    assert response.status == 403
    assert "reload" in (await response.json())["error"]


def test_different_cookies_have_different_names() -> None:
    names = {identity.display_name(identity.create()) for _ in range(200)}
    assert len(names) > 50
    assert all(len(name.split(" ")) == 2 for name in names)
