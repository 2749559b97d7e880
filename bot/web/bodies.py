"""Bodies of requests."""

from typing import Any

from aiohttp import web

from bot.core.errors import BadRequest


async def json_body(request: web.Request) -> dict[str, Any]:
    """A posted JSON object. BadRequest for another content type: forms of other sites cannot send this one."""
    if request.content_type != "application/json":
        raise BadRequest("Post JSON, please.")
    try:
        body = await request.json()
    except (ValueError, RecursionError, LookupError) as error:  # LookupError: a charset that nobody knows
        raise BadRequest("That was no JSON.") from error
    if not isinstance(body, dict):
        raise BadRequest("Post a JSON object, please.")
    return body
