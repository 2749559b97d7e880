from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web.readiness import ready_route


async def test_it_answers_200_or_503_with_what_is_missing() -> None:
    found: dict[str, str] = {}

    async def missing() -> dict[str, str]:
        return found

    app = web.Application()
    app.add_routes([ready_route(missing)])
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/ready")
        assert (response.status, await response.json()) == (200, {"status": "ready"})
        found["worker"] = "no worker is there"
        response = await client.get("/ready")
        assert response.status == 503
        assert await response.json() == {"status": "not ready", "missing": {"worker": "no worker is there"}}
