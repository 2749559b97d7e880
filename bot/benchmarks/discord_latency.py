"""How soon members on Discord are answered, on a loopback Discord.

The bot is a process of its own, with a worker, a renderer and a database that are the real ones.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.benchmarks.measurement import Measurement, at_most, percentile_99
from bot.benchmarks.processes import run_program
from bot.benchmarks.prompts import options_of

if TYPE_CHECKING:
    from bot.benchmarks.discord.loopback import Loopback

START_TIMEOUT, TIMEOUT = 120.0, 300.0  # seconds for the bot to start, and for all tunes


@dataclass(frozen=True)
class DiscordSize:
    """Members who ask in the same moment, and the seconds between two more commands until their tunes are there."""

    members: int = 200
    interval: float = 0.25


SIZE = DiscordSize()


def measure(config: Path | None, size: DiscordSize = SIZE) -> Iterator[Measurement]:
    """All members ask for a tune in the same moment, and use other commands while they wait."""
    try:
        from bot.benchmarks.discord.loopback import TOKEN, run_loopback
    except ImportError as error:  # trustme, which makes its certificates, is for developers
        print(f"answers on Discord are not measured: {error}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as folder, run_loopback() as discord:
        lags = Path(folder) / "lags"
        words = [str(discord.port), discord.authority, str(lags)]
        words += ["--config", str(config.absolute())] if config else []
        settings = {"DISCORD_TOKEN": TOKEN, "QUEUE__LIMIT": str(2 * size.members), "LIMITS__MEMBER_COOLDOWN": "0"}
        with run_program("bot.benchmarks.discord.process", *words, settings=settings) as program:
            program.wait_until(lambda: discord.gateway.identified, START_TIMEOUT)
            _use(discord, [_compose(discord, 0)], size)  # the first one finds everything cold
            began = time.monotonic()
            tokens = [_compose(discord, number) for number in range(size.members)]
            tokens += _use(discord, tokens, size)
            seconds = time.monotonic() - began
        late = [lag for at, lag in json.loads(lags.read_text()) if 0 <= at - began <= seconds]
        yield from _measurements(discord, tokens, late, size)


def _compose(discord: "Loopback", number: int) -> str:
    return discord.slash(options_of(number), user=1000 + number)


def _use(discord: "Loopback", tunes: Sequence[str], size: DiscordSize) -> list[str]:
    """Other commands, one after the other, until these tunes are there."""
    others: list[str] = []
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end and not all(_is_there(discord, token) for token in tunes):
        name = ("top", "mine", "help")[len(others) % 3]
        others.append(discord.slash({}, user=1000 + len(others) % size.members, name=name))
        time.sleep(size.interval)
    return others


def _is_there(discord: "Loopback", token: str) -> bool:
    message = discord.answer(token)
    return bool(message and message["embeds"])


def _measurements(
    discord: "Loopback", tokens: Sequence[str], late: Sequence[float], size: DiscordSize
) -> Iterator[Measurement]:
    waits = [
        discord.acknowledged[token] - discord.dispatched[token] for token in tokens if token in discord.acknowledged
    ]
    unanswered = len(tokens) - len(waits) + sum(not _is_there(discord, token) for token in tokens[: size.members])
    name = f"Discord, {size.members} members at once"
    yield at_most(f"{name}: acknowledged, 99th percentile", 1000 * percentile_99(waits), 300, "ms")
    yield Measurement(f"{name}: acknowledged, the last", 1000 * max(waits), "ms")
    yield at_most(f"{name}: event loop late, 99th percentile", 1000 * percentile_99(late), 50, "ms")
    yield at_most(f"{name}: unanswered", unanswered, 0, "interactions")
