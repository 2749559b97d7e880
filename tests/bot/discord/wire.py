"""The bot as a process of its own on the loopback Discord, and what its messages there show."""

import os
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from bot.benchmarks.discord.loopback import TOKEN, Loopback, run_loopback
from tests.bot.discord.request_check import faults_of
from tests.command_line import Running, bot


@contextmanager
def loopback() -> Iterator[Loopback]:
    """A loopback Discord that fails the test if the bot sent what the real one would not accept."""
    with run_loopback() as discord:
        yield discord
    faults = faults_of(discord.requests)
    assert not faults, "\n".join(faults)


@contextmanager
def bot_on(discord: Loopback, data: Path, *options: str, token: str = TOKEN, **settings: str) -> Iterator[Running]:
    """A bot that is ready, and logged in where its token is right. `options` are those of process.py."""
    program = [sys.executable, "-m", "tests.bot.discord.process", str(discord.port), discord.authority, *options]
    environment = {"TUNESMITH_LIMITS__MEMBER_COOLDOWN": "0", "DISCORD_TOKEN": token, **settings}
    before = len(discord.gateway.identified)
    with bot(data, None, program, **environment) as running:
        if token == TOKEN and not discord.gateway.refusals:
            running.says("on Discord as")
            discord.until(lambda: len(discord.gateway.identified) > before)
        yield running


def kill(running: Running) -> None:
    """End a bot and its children as a power failure does."""
    for process in [psutil.Process(running.process.pid), *running.children()]:
        os.kill(process.pid, signal.SIGKILL)
    running.process.wait()


def tune(discord: Loopback, token: str) -> dict[str, Any] | None:
    """The message that responds to an interaction, if it shows tunes."""
    message = discord.answer(token)
    return message if message and message["embeds"] else None


def arrived(discord: Loopback, token: str) -> Callable[[], dict[str, Any] | None]:
    """For `until`: the message with the tune that answers an interaction."""
    return lambda: tune(discord, token)


def content(discord: Loopback, token: str) -> str:
    """The text of the message that responds to an interaction."""
    message = discord.answer(token)
    return str(message["content"]) if message else ""


def counts(message: dict[str, Any]) -> list[str]:
    """The counts on the vote buttons of a message."""
    return [button["label"] for button in message["components"][0]["components"][:2]]


def custom_id(message: dict[str, Any], action: str) -> str:
    """Of the button of a message that has this action."""
    buttons = [button["custom_id"] for row in message["components"] for button in row["components"]]
    found: str = next(custom_id for custom_id in buttons if custom_id.endswith(f":{action}"))
    return found


def states(data: Path) -> Counter[str]:
    """How many prompts are in each state."""
    with closing(sqlite3.connect(f"file:{data / 'tunesmith.db'}?mode=ro", uri=True)) as database:
        return Counter(dict(database.execute("SELECT state, count(*) FROM prompts GROUP BY state").fetchall()))


def undelivered(data: Path) -> int:
    """How many prompts have an answer, or will have one, that no message shows."""
    with closing(sqlite3.connect(f"file:{data / 'tunesmith.db'}?mode=ro", uri=True)) as database:
        query = "SELECT count(*) FROM prompts WHERE message_id IS NOT NULL AND delivered_at IS NULL"
        count: int = database.execute(query).fetchone()[0]
        return count
