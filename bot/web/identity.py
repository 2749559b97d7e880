"""Who looks at the page: a cookie stands for a member, and names them."""

import hashlib
import re
import secrets

from aiohttp import web

from bot.core.errors import NotAllowed
from bot.core.values import Place

COOKIE = "tunesmith_member"
_YEAR = 365 * 24 * 3600
_MANNERS = (
    *("Brisk", "Gentle", "Humble", "Jaunty", "Lively", "Mellow", "Merry", "Nimble"),
    *("Patient", "Quiet", "Rambling", "Roving", "Silver", "Steady", "Sunny", "Wistful"),
)
_PLAYERS = (
    *("Bodhrán", "Bouzouki", "Concertina", "Dancer", "Drummer", "Fiddler", "Flautist"),
    *("Harper", "Lilter", "Melodeon", "Piper", "Singer", "Whistler"),
)


def read(request: web.Request) -> str:
    """The member's cookie; empty when there is none or it is not one of ours."""
    value = request.cookies.get(COOKIE, "")
    return value if re.fullmatch(r"[0-9a-f]{32}", value) else ""


def create() -> str:
    """A cookie for a new member: 128 random bits."""
    return secrets.token_hex(16)


def remember(response: web.StreamResponse, cookie: str) -> None:
    """Keep `cookie` in the browser for another year. Lax, so that a link to the page does not make a new member."""
    response.set_cookie(COOKIE, cookie, max_age=_YEAR, httponly=True, samesite="Lax", path="/")


def place(request: web.Request) -> Place:
    """Where a request comes from. Raises NotAllowed for a browser that never opened the page or lost its cookie."""
    cookie = read(request)
    if not cookie:
        raise NotAllowed("This page has lost its cookie: reload it.")
    # the cookie is a secret: what is stored, and may be shown to others, is its hash
    member = hashlib.sha256(cookie.encode()).hexdigest()[:32]
    return Place(platform="web", server="local", member=member, member_name=name(cookie))


def name(cookie: str) -> str:
    """A friendly name, always the same for the same cookie."""
    digest = hashlib.sha256(cookie.encode()).digest()
    return f"{_MANNERS[digest[16] % len(_MANNERS)]} {_PLAYERS[digest[17] % len(_PLAYERS)]}"
