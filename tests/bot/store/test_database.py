"""Names of databases, without what nobody may read."""

import pytest

from bot.store.database import name_of


@pytest.mark.parametrize("url", ["postgresql://bob:hidden@db/tunes", "postgresql://db/tunes?user=bob&password=hidden"])
def test_no_password_is_printed(url: str) -> None:
    assert "hidden" not in name_of(url)
    assert "db/tunes" in name_of(url)
