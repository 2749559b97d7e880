"""The log: every line names the prompt it is about, in three forms."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core import logs
from tests.bot.running_bot import new_prompt, running_bot


def test_a_line_for_people_ends_with_the_prompt(lines: Callable[[], list[str]]) -> None:
    logs.set_up("human", "info")
    log = logging.getLogger("bot.test")
    log.info("no prompt yet")
    log.debug("not shown")
    logs.about(12)
    log.warning("gone")
    first, second = lines()
    assert first.endswith(" INFO bot.test: no prompt yet")
    assert second.endswith(" WARNING bot.test: gone prompt=12")


def test_json_has_a_line_for_each_record_also_with_a_traceback(lines: Callable[[], list[str]]) -> None:
    logs.set_up("json", "info")
    logs.about(12)
    try:
        raise ValueError("a “bug”")
    except ValueError:
        logging.getLogger("bot.test").exception("it %s", "failed")
    (line,) = lines()
    record = json.loads(line)
    assert (record["level"], record["logger"], record["message"], record["prompt"]) == (
        "error",
        "bot.test",
        "it failed",
        12,
    )
    assert "ValueError: a “bug”" in record["error"]


def test_logfmt_quotes_what_has_to_be(lines: Callable[[], list[str]]) -> None:
    logs.set_up("logfmt", "info")
    logging.getLogger("bot.test").info('two words, "quoted"\nand a line', extra={"prompt": "7"})
    (line,) = lines()
    assert line.endswith(r'level=info logger=bot.test message="two words, \"quoted\"\nand a line" prompt=7')


async def test_each_prompt_has_its_number_from_command_to_reply(tmp_path: Path, lines: Callable[[], list[str]]) -> None:
    logs.set_up("json", "info")
    async with running_bot(tmp_path / "tunesmith.db") as bot:
        done = await asyncio.gather(*(bot.finished(new_prompt(seed=seed)) for seed in range(5)))
    records = [json.loads(line) for line in lines()]
    for progress in done:
        number = progress.prompt.id
        messages = [record["message"] for record in records if record.get("prompt") == number]
        assert [message.split(":")[0].split(" after")[0] for message in messages] == [
            f"prompt {number}",
            f"prompt {number} has its turn",
            f"prompt {number} is done",
        ]


@pytest.mark.parametrize("form", ["human", "logfmt", "json"])
def test_no_line_has_a_token(form: logs.Format, lines: Callable[[], list[str]]) -> None:
    logs.set_up(form, "debug")
    log = logging.getLogger("discord.gateway")
    secret = "aW50ZXJhY3Rpb24-1_2.x="
    log.debug("POST https://discord.com/api/v10/webhooks/1000/%s/messages/@original", secret)
    log.debug("POST /interactions/12/%s/callback has returned 204", secret)
    log.debug("WebSocket Event: %s", {"d": {"id": "1", "token": secret, "type": 2}})
    log.debug(json.dumps({"op": 2, "d": {"token": secret}}))
    try:
        raise ValueError(f"404 for /webhooks/1000/{secret}")
    except ValueError:
        log.exception("gone")
    said = "\n".join(lines())
    assert secret not in said
    assert "messages/@original" in said
