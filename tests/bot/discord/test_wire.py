"""Over TCP: the bot as a process of its own, and a Discord that fails as the real one does."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.bot.discord.loopback import TOKEN, Loopback, loopback, reply
from tests.command_line import Running, bot


@contextmanager
def bot_on(discord: Loopback, data: Path, token: str = TOKEN, **settings: str) -> Iterator[Running]:
    program = [sys.executable, "-m", "tests.bot.discord.process", str(discord.port)]
    settings["TUNESMITH_LIMITS__MEMBER_COOLDOWN"] = "0"
    with bot(data, None, program, DISCORD_TOKEN=token, **settings) as running:
        if token == TOKEN:
            running.says("on Discord as")
            discord.until(lambda: discord.identified)
        yield running


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Loopback, Running]]:
    with loopback() as discord, bot_on(discord, tmp_path_factory.mktemp("wire") / "data") as running:
        yield discord, running


def tune(discord: Loopback, token: str) -> dict[str, Any] | None:
    """The answer to an interaction once it shows a tune, or several."""
    message = discord.answer(token)
    return message if message and message["embeds"] else None


def counts(message: dict[str, Any]) -> list[str]:
    return [button["label"] for button in message["components"][0]["components"][:2]]


def test_a_tune_is_composed_with_its_files(wire: tuple[Loopback, Running]) -> None:
    discord, _ = wire
    token = discord.slash({"key": "Edor", "rhythm": "reel", "temperature": 0.8, "seed": 7})
    message = discord.until(lambda: tune(discord, token))
    assert [a["filename"].rpartition(".")[2] for a in message["attachments"]] == ["png", "mp3", "mid", "abc"]
    picture = message["attachments"][0]["filename"]
    assert message["embeds"][0]["image"]["url"] == f"attachment://{picture}"
    assert discord.identified[0]["intents"] == 1
    first = next(request for request in discord.requests if request.path.endswith("/callback"))
    assert first.body == {"type": 5}


def test_a_hundred_simultaneous_clicks_are_all_counted(wire: tuple[Loopback, Running]) -> None:
    discord, _ = wire
    token = discord.slash({"key": "D"})
    message_id = discord.until(lambda: tune(discord, token))["id"]
    up = custom_id(discord.messages[message_id], 0)
    clicks: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: clicks.append(discord.click(message_id, up, 500 + n))) for n in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    discord.until(lambda: len(discord.answered.keys() & set(clicks)) == 100)
    discord.until(lambda: counts(discord.messages[message_id]) == ["100", "0"])
    discord.click(message_id, up, 500)
    discord.until(lambda: counts(discord.messages[message_id]) == ["99", "0"])


def test_too_many_requests_and_bad_gateways_are_tried_again(wire: tuple[Loopback, Running]) -> None:
    discord, _ = wire
    limited = reply({"message": "You are being rate limited.", "retry_after": 0.3, "global": False}, 429)
    discord.failures += [("@original", limited), ("@original", reply({}, 502)), ("@original", reply({}, 502))]
    token = discord.slash({"key": "D"})
    discord.until(lambda: tune(discord, token))
    assert not discord.failures


def test_what_was_asked_while_the_line_was_cut_is_answered_after_resuming(wire: tuple[Loopback, Running]) -> None:
    discord, _ = wire
    discord.drop()
    token = discord.slash({"key": "D"})
    discord.until(lambda: discord.resumed)
    discord.until(lambda: tune(discord, token))
    discord.send(7)
    discord.until(lambda: discord.resumed == 2)
    before = len(discord.identified)
    discord.send(9, False)
    discord.until(lambda: len(discord.identified) == before + 1)
    token = discord.slash({"key": "D"})
    discord.until(lambda: tune(discord, token))


def test_fifty_members_at_once_each_get_a_tune(wire: tuple[Loopback, Running]) -> None:
    discord, _ = wire
    tokens = [discord.slash({"key": "D"}, user=1000 + n) for n in range(50)]
    for token in tokens:
        discord.until(lambda token=token: tune(discord, token))  # type: ignore[misc]
    assert len({discord.responses[token] for token in tokens}) == 50


def test_killed_in_mid_work_each_tune_arrives_once_and_old_buttons_answer(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with loopback() as discord:
        with bot_on(discord, data, TUNESMITH_QUEUE__AT_ONCE="2") as running:
            first = discord.slash({"key": "G"})
            old = discord.until(lambda: tune(discord, first))
            (data / "slow").touch()
            tokens = [discord.slash({"key": "D"}, user=100 + n) for n in range(6)]
            waiting = ("in the queue", "engraving")
            discord.until(lambda: all(any(w in said(discord, token) for w in waiting) for token in tokens))
            running.process.kill()
            running.process.wait()
        (data / "slow").unlink()
        synced = [request for request in discord.requests if request.path.endswith("/commands")]
        with bot_on(discord, data) as running:
            for token in tokens:
                discord.until(lambda token=token: tune(discord, token))  # type: ignore[misc]
            discord.click(old["id"], custom_id(old, 1))
            discord.until(lambda: counts(discord.messages[old["id"]]) == ["0", "1"])
            assert running.stop(signal.SIGTERM) == 0
            running.says("")
        assert not any(TOKEN in line or "Traceback" in line for line in running.said)
        assert len(discord.messages) == 7
        assert synced == [request for request in discord.requests if request.path.endswith("/commands")]


def test_a_refused_token_is_one_line_and_the_page_goes_on(tmp_path: Path) -> None:
    with loopback() as discord, bot_on(discord, tmp_path / "data", "wrong.token.here") as running:
        line = running.says("error: ")
        assert "refuses the token" in line
        assert "the chat page goes on" in line
        assert running.healthy()
        assert running.stop(signal.SIGTERM) == 0
        running.says("")
        assert not any("wrong.token" in line or "Traceback" in line for line in running.said)


def said(discord: Loopback, token: str) -> str:
    message = discord.answer(token)
    return str(message["content"]) if message else ""


def custom_id(message: dict[str, Any], button: int) -> str:
    return str(message["components"][0]["components"][button]["custom_id"])
