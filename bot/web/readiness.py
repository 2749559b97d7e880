"""`/ready`: whether the bot can compose just now, for whatever watches over it."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web


def ready_route(missing: Callable[[], Awaitable[Mapping[str, str]]]) -> web.RouteDef:
    """The route that answers 200 where nothing is `missing()`, else 503 with what is."""

    async def ready(_request: web.Request) -> web.Response:
        found = dict(await missing())
        if found:
            return web.json_response({"status": "not ready", "missing": found}, status=HTTPStatus.SERVICE_UNAVAILABLE)
        return web.json_response({"status": "ready"})

    return web.get("/ready", ready)
