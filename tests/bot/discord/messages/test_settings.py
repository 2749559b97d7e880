"""The lines about settings and the audit fit into a message."""

import re
from datetime import UTC, datetime

from bot.core.values import Record
from bot.discord.messages.settings import audit_lines


def test_an_audit_that_is_too_long_ends_with_a_whole_line() -> None:
    ids = " ".join(str(10**18 + n) for n in range(25))
    record = Record("*boss*", "settings", f"channels = {ids}, cooldown = 5", datetime.now(UTC))
    lines = audit_lines([record] * 10).splitlines()
    assert 1 < len(lines) < 10
    for line in lines:
        assert re.fullmatch(r"<t:\d+:R> \*\*\\\*boss\\\*\*\* settings: channels:( <#\d+>)+ …", line)
    assert audit_lines([]) == "Nothing yet."
