"""Middleware: refuses requests from other sites and hosts, and turns errors into one line of JSON."""

import ipaddress
import logging
import re
import secrets
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import PayloadEncodingError
from aiohttp.typedefs import Handler, Middleware

from bot.core.errors import BadRequest, Busy, NotAllowed, NotFound, TunesmithError, Unclear
from bot.core.sections import Web
from bot.core.wording import capitalized
from model.errors import InputError

log = logging.getLogger(__name__)

LARGEST_BODY = 16 * 1024
_STATUS: dict[type[Exception], HTTPStatus] = {
    BadRequest: HTTPStatus.BAD_REQUEST,
    InputError: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Busy: HTTPStatus.TOO_MANY_REQUESTS,
    TunesmithError: HTTPStatus.SERVICE_UNAVAILABLE,
}
_HTTP_LINES = {
    401: "Log in first.",
    404: "There is nothing here.",
    405: "That cannot be done here.",
    408: "That message took too long.",
    413: f"That message is too long: at most {LARGEST_BODY // 1024} KB fit.",
}
_ELSEWHERE = "This page is served to this machine only: use 127.0.0.1."
_OF_MEMBERS = ("/", "/messages", "/history", "/events", "/mydata")  # which nobody's disk may keep
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Responds to expected errors with their line, to others with a reference under which the log has the traceback."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _failure(error.status, _HTTP_LINES.get(error.status, error.reason))
    except (TunesmithError, InputError) as error:
        status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
        return _failure(status, str(error), error.command if isinstance(error, Unclear) else "")
    except (ConnectionError, PayloadEncodingError) as error:
        log.info("a client went away: %s %s (%s)", request.method, request.path, error or type(error).__name__)
        return _failure(HTTPStatus.BAD_REQUEST, "That message did not come whole.")
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("page failure %s: %s %s", reference, request.method, request.path)
        line = f"Something broke on our side. The log has the details under {reference}."
        return _failure(HTTPStatus.INTERNAL_SERVER_ERROR, line)


def own_pages_only(section: Web) -> Middleware:
    """Refuses foreign host names (DNS rebinding) and posts from other sites.

    A page with a login has whatever name its proxy, or its `origin`, gives it.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if not is_loopback(host) and not (section.guarded and host == (_host(section.origin) or host)):
            line = f"This page is at {section.origin}." if section.guarded else _ELSEWHERE
            return _failure(HTTPStatus.MISDIRECTED_REQUEST, line)
        if request.method not in ("GET", "HEAD") and not _same_origin(request, section):
            return _failure(HTTPStatus.FORBIDDEN, "Another site may not post here.")
        return await handler(request)

    return check


async def add_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Signal handler: adds security headers to every response."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store" if request.path in _OF_MEMBERS else "no-cache")


def is_loopback(host: str) -> bool:
    """Whether a Host header names the loopback interface."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:]+)\]|([^:\[\]]+))(?::\d{1,5})?", host)
    if match is None:
        return False
    name = match[1] or match[2]
    if name.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _same_origin(request: web.Request, section: Web) -> bool:
    """By the headers that all browsers send; a client that sends neither is no browser, and cannot be misled."""
    origin, host = request.headers.get("Origin"), request.headers["Host"]
    own = {f"http://{host}"}
    if section.guarded:  # TLS ends at the proxy, which may also call us by another name
        own = {section.origin} if section.origin else own | {f"https://{host}"}
    if origin is not None and origin not in own:
        return False
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _host(origin: str) -> str:
    return origin.partition("://")[2]


def _failure(status: int, line: str, command: str = "") -> web.Response:
    """An error, with the command that may have been meant."""
    return web.json_response({"error": capitalized(line), **({"command": command} if command else {})}, status=status)
