"""/metrics."""

from aiohttp.test_utils import TestServer

from bot.web import create_app
from bot.web.metrics import metrics_route
from tests.bot.web.conftest import visitor
from tests.bot.web.fakes import FakeComposer, FakeLibrary


async def test_the_metrics_are_served_to_this_machine_alone(composer: FakeComposer, library: FakeLibrary) -> None:
    app = create_app(composer, library)
    app.add_routes([metrics_route(lambda: (b"tunes_total 3\n", "text/plain; version=1.0.0"))])
    server: TestServer = TestServer(app)
    async with server, visitor(server) as client:
        response = await client.get("/metrics")
        assert response.headers["Content-Type"] == "text/plain; version=1.0.0"
        assert await response.read() == b"tunes_total 3\n"
        assert (await client.get("/metrics", headers={"Host": "evil.example"})).status == 421
