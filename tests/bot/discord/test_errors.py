"""What members are shown when something goes wrong, and how text that they typed is escaped."""

import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.core.errors import BadRequest, NotFound
from bot.discord import errors
from bot.discord.errors import escaped
from tests.bot.discord.simulated_server import simulated_server

ZERO = "\u200b"


@pytest.mark.parametrize(
    ("typed", "expected"),
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
def test_typed_text_loses_markdown_mentions_and_links(typed: str, expected: str) -> None:
    assert escaped(typed) == expected


async def test_an_unexpected_error_has_a_reference_under_which_the_log_has_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("a secret of the house")

    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        monkeypatch.setattr(server.context.library, "toggle_vote", broken)
        reply = await server.ben.click(message, custom_id="tune:1:up")
        assert reply.ephemeral
        reference = re.fullmatch(r"Something broke .* tell an admin: ([0-9a-f]{6})", reply.response.content)
        assert reference
        (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert reference[1] in record.getMessage()
        assert record.exc_info
        assert record.exc_info[0] is ZeroDivisionError


async def test_an_error_after_a_deferral_leaves_nothing_public(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        monkeypatch.setattr(server.context.composer, "compose", broken)
        reply = await server.ben.click(message, custom_id="tune:1:again")
        assert reply.followups[-1].ephemeral
        assert "Something broke" in reply.followups[-1].content
        assert [each.id for each in server.channel.history()] == [message.id]


async def test_an_error_with_a_long_text_after_a_deferral_leaves_nothing_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: Any, **__: Any) -> None:
        raise BadRequest("A9999A9/" * 300)

    async with simulated_server(tmp_path) as server:
        message = await server.composed()
        monkeypatch.setattr(server.context.composer, "compose", refused)
        reply = await server.ben.click(message, custom_id="tune:1:again")
        assert len(reply.followups[-1].content) == 2000
        assert [each.id for each in server.channel.history()] == [message.id]


async def test_an_interaction_that_cannot_be_answered_gets_no_reply(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []

    async def send_private(_: Any, line: str) -> None:
        sent.append(line)

    monkeypatch.setattr(errors, "send_private", send_private)
    response: Any = SimpleNamespace(status=404, reason="Not Found")
    for code, replies in ((10062, 0), (50083, 0), (40060, 0), (50013, 1)):
        await errors.send_error(None, discord.NotFound(response, {"code": code}))  # type: ignore[arg-type]
        logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert (len(sent), len(logged)) == (replies, replies)


async def test_an_outage_while_an_error_is_sent_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []

    async def unreachable(_: Any, line: str) -> None:
        attempts.append(line)
        raise TimeoutError

    monkeypatch.setattr(errors, "send_private", unreachable)
    await errors.send_error(None, NotFound("there is no tune 9"))  # type: ignore[arg-type]
    assert attempts == ["There is no tune 9"]
