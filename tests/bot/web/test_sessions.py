"""Nobody but the server makes a session, and none holds for ever."""

import pytest

from bot.web.sessions import LIFETIME, Session, Sessions


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_what_it_was_and_ends() -> None:
    clock = Clock()
    sessions = Sessions(b"key", clock)
    session = Sessions.begin(admin=True)
    cookie = sessions.issue(session)
    assert sessions.verify(cookie) == session
    clock.now += LIFETIME - 1
    assert sessions.verify(cookie) == session
    clock.now += 1
    assert sessions.verify(cookie) is None
    clock.now -= 2 * LIFETIME
    assert sessions.verify(cookie) is None, "from the future"


def test_two_logins_are_two_members() -> None:
    assert Sessions.begin().member != Sessions.begin().member


def test_nobody_makes_one_or_changes_one() -> None:
    sessions = Sessions(b"key")
    cookie = sessions.issue(Session("a" * 32))
    assert Sessions(b"another").verify(cookie) is None
    for position in range(len(cookie)):
        changed = cookie[:position] + chr(ord(cookie[position]) ^ 1) + cookie[position + 1 :]
        assert sessions.verify(changed) is None


@pytest.mark.parametrize(
    "cookie", ["", ".", "....", "1.a.0.5", "x" * 5000, "1.é.0.5.ü", "1.2.3.4.5", "1.\udcff.0.5.\udcff"]
)
def test_what_is_no_session_is_none(cookie: str) -> None:
    assert Sessions(b"key").verify(cookie) is None
