"""What members are told when something goes wrong, and how what they typed is shown."""

import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.core.errors import NotFound
from bot.discord import errors as failures
from bot.discord.errors import escaped
from tests.bot.discord.simulated_server import stage

ZERO = "\u200b"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("**bold** _it_ `code` ||spoiler||", r"\*\*bold\*\* \_it\_ \`code\` \|\|spoiler\|\|"),
        ("# loud", r"\# loud"),
        ("@everyone @here", f"@{ZERO}everyone @{ZERO}here"),
        ("<@123456789012345678>", f"<@{ZERO}123456789012345678>"),
        ("[here](https://evil.example)", rf"\[here](https:{ZERO}//evil.example)"),
        ("HTTPS://evil.example/_x_", rf"HTTPS:{ZERO}//evil.example/\_x\_"),
        ("discord.gg/abc", f"discord.gg{ZERO}/abc"),
        ("bar 1 of D/2 <t:1700000000:R>", "bar 1 of D/2 <t:1700000000:R>"),
    ],
)
def test_what_members_typed_does_nothing(typed: str, shown: str) -> None:
    assert escaped(typed) == shown


async def test_what_was_not_expected_has_a_reference_and_a_traceback_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("a secret of the house")

    async with stage(tmp_path) as on:
        message = await on.composed()
        monkeypatch.setattr(on.parts.library, "press", broken)
        told = await on.ben.click(message, custom_id="tune:1:up")
        assert told.ephemeral
        reference = re.fullmatch(r"Something broke .* tell an admin: ([0-9a-f]{6})", told.response.content)
        assert reference
        (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert reference[1] in record.getMessage()
        assert record.exc_info
        assert record.exc_info[0] is ZeroDivisionError


async def test_an_error_after_a_promise_leaves_nothing_public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    async with stage(tmp_path) as on:
        message = await on.composed()
        monkeypatch.setattr(on.parts.composer, "compose", broken)
        told = await on.ben.click(message, custom_id="tune:1:again")
        assert told.followups[-1].ephemeral
        assert "Something broke" in told.followups[-1].content
        assert [each.id for each in on.channel.history()] == [message.id]


async def test_one_who_is_gone_is_not_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    async def say(_: Any, line: str) -> None:
        told.append(line)

    monkeypatch.setattr(failures, "say", say)
    response: Any = SimpleNamespace(status=404, reason="Not Found")
    for code, lines in ((10062, 0), (50013, 1)):
        await failures.tell(None, discord.NotFound(response, {"code": code}))  # type: ignore[arg-type]
        assert (len(told), len([record for record in caplog.records if record.levelno >= logging.ERROR])) == (
            lines,
            lines,
        )


async def test_a_network_that_is_away_is_no_further_error(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    async def away(_: Any, line: str) -> None:
        tried.append(line)
        raise TimeoutError

    monkeypatch.setattr(failures, "say", away)
    await failures.tell(None, NotFound("there is no tune 9"))  # type: ignore[arg-type]
    assert tried == ["There is no tune 9"]
