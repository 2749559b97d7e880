"""Members of the page: a random cookie identifies each, and gives them a name."""

import hashlib
import re
import secrets

from aiohttp import web

from bot.core.errors import NotAllowed
from bot.core.values import Place

COOKIE = "tunesmith_member"
ADMIN: web.RequestKey[bool] = web.RequestKey("admin", bool)  # whether that is an admin
MEMBER: web.RequestKey[str] = web.RequestKey("member", str)  # whom a login found
_YEAR = 365 * 24 * 3600
_ADJECTIVES = (
    *("Brisk", "Gentle", "Humble", "Jaunty", "Lively", "Mellow", "Merry", "Nimble"),
    *("Patient", "Quiet", "Rambling", "Roving", "Silver", "Steady", "Sunny", "Wistful"),
)
_PLAYERS = (
    *("Bodhrán", "Bouzouki", "Concertina", "Dancer", "Drummer", "Fiddler", "Flautist"),
    *("Harper", "Lilter", "Melodeon", "Piper", "Singer", "Whistler"),
)


def read(request: web.Request) -> str:
    """The secret of a member: of its login, or its cookie; empty without, or if `create` cannot have made it."""
    value = request.get(MEMBER) or request.cookies.get(COOKIE, "")
    return value if re.fullmatch(r"[0-9a-f]{32}", value) else ""


def is_admin(request: web.Request) -> bool:
    """Whether a request is from an admin, as everybody is on a page without a login."""
    return bool(request.get(ADMIN, True))


def create() -> str:
    """A cookie for a new member: 128 random bits."""
    return secrets.token_hex(16)


def set_cookie(response: web.StreamResponse, cookie: str) -> None:
    """Set the cookie for another year. SameSite=Lax, or a link from elsewhere to the page would make a new member."""
    response.set_cookie(COOKIE, cookie, max_age=_YEAR, httponly=True, samesite="Lax", path="/")


def place(request: web.Request) -> Place:
    """The member who sent a request. Raises NotAllowed without a valid cookie."""
    cookie = read(request)
    if not cookie:
        raise NotAllowed("This page has lost its cookie: reload it.")
    return place_of(cookie)


def place_of(cookie: str) -> Place:
    """Where the member with a cookie is."""
    # the cookie is a secret, and this id is stored and sent to others, so it is a hash
    member = hashlib.sha256(cookie.encode()).hexdigest()[:32]
    return Place(platform="web", server="local", member=member, member_name=display_name(cookie))


def display_name(cookie: str) -> str:
    """A name such as `Merry Piper`, the same for the same cookie."""
    digest = hashlib.sha256(cookie.encode()).digest()
    return f"{_ADJECTIVES[digest[16] % len(_ADJECTIVES)]} {_PLAYERS[digest[17] % len(_PLAYERS)]}"
