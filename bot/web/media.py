"""Responses with a file of a tune: caching, and single byte ranges, without which Safari plays no audio."""

import asyncio
import hashlib
import re
from http import HTTPStatus
from urllib.parse import quote

from aiohttp import web

TYPES = {
    "png": "image/png",
    "mid": "audio/midi",
    "mp3": "audio/mpeg",
    "abc": "text/vnd.abc",
    "svg": "image/svg+xml",
    "json": "application/json",
}
FILES = ("png", "mid", "mp3", "abc")  # that a tune can be downloaded as
_IMMUTABLE = "private, max-age=31536000, immutable"


async def respond(request: web.Request, body: bytes, kind: str, file_name: str, version: str) -> web.Response:
    """`body`, a range of it (206, 416), or nothing if the browser has it (304). Immutable only under `?v=version`."""
    etag = (await asyncio.to_thread(hashlib.sha256, body)).hexdigest()[:24]
    headers = {
        "ETag": f'"{etag}"',
        "Cache-Control": _IMMUTABLE if request.query.get("v") == version else "private, no-cache",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(file_name, safe='')}",
        "Accept-Ranges": "bytes",
    }
    if any(tag.value in (etag, "*") for tag in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    selected = _range(request, len(body), etag)
    if selected is None:
        return _response(HTTPStatus.OK, body, kind, headers)
    if not selected:
        headers["Content-Range"] = f"bytes */{len(body)}"
        return web.Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    headers["Content-Range"] = f"bytes {selected.start}-{selected.stop - 1}/{len(body)}"
    return _response(HTTPStatus.PARTIAL_CONTENT, body[selected.start : selected.stop], kind, headers)


def _response(status: int, body: bytes, kind: str, headers: dict[str, str]) -> web.Response:
    charset = "utf-8" if kind == "abc" else None
    return web.Response(status=status, body=body, content_type=TYPES[kind], charset=charset, headers=headers)


def _range(request: web.Request, size: int, etag: str) -> range | None:
    """The requested bytes; None for all of them, an empty range if there are no such bytes."""
    match = re.fullmatch(r"\s*bytes=(\d{0,15})-(\d{0,15})\s*", request.headers.get("Range", ""))
    condition = request.headers.get("If-Range", f'"{etag}"')
    if match is None or not (match[1] or match[2]) or condition != f'"{etag}"':
        return None
    if not match[1]:
        return range(max(0, size - int(match[2])), size)
    start = int(match[1])
    if match[2] and int(match[2]) < start:
        return None  # RFC 9110: not a range at all
    stop = min(int(match[2]) + 1, size) if match[2] else size
    return range(min(start, size), stop)
