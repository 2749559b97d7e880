"""`/metrics`, for a Prometheus server on this machine; the middleware protects it like the rest of the page."""

from collections.abc import Callable

from aiohttp import web


def metrics_route(exposition: Callable[[], tuple[bytes, str]]) -> web.RouteDef:
    """The route that responds with `exposition()`, a text and its content type."""

    async def metrics(_request: web.Request) -> web.Response:
        body, content_type = exposition()
        return web.Response(body=body, headers={"Content-Type": content_type})

    return web.get("/metrics", metrics)
