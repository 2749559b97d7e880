"""Signed cookies of members who logged in: nobody can make one, and none holds for ever."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

COOKIE = "tunesmith_session"
LIFETIME = 30 * 24 * 3600  # seconds
_VERSION = "1"


@dataclass(frozen=True)
class Session:
    """A login. `member` is the secret that stands for the member, `admin` whether the second password was given."""

    member: str
    admin: bool = False


class Sessions:
    """Issues and verifies them with a key; another key ends all of them."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key, self._clock = key, clock

    @staticmethod
    def begin(admin: bool = False) -> Session:
        """A session of a member who was never here."""
        return Session(secrets.token_hex(16), admin)

    def issue(self, session: Session) -> str:
        """The cookie of a session that begins now."""
        text = f"{_VERSION}.{session.member}.{int(session.admin)}.{int(self._clock())}"
        return f"{text}.{self._signature(text)}"

    def verify(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it is not signed with the key, or too old."""
        text, _, signature = cookie.rpartition(".")
        if not cookie.isascii() or not hmac.compare_digest(signature, self._signature(text)):
            return None
        version, member, admin, issued = text.split(".")
        if version != _VERSION or not 0 <= self._clock() - int(issued) < LIFETIME:
            return None
        return Session(member, admin == "1")

    def _signature(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
