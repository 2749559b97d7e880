"""How soon members on Discord are answered, over the loopback Discord of the tests, which only a checkout has.

The bot is a process of its own, with a worker, a renderer and a database that are the real ones.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.benchmarks.row import Row, at_most

if TYPE_CHECKING:
    from bot.benchmarks.discord.loopback import Loopback

MEMBERS = 200
PATIENCE = 300.0  # seconds for all tunes
_EVERY = 0.25  # seconds between two more commands while the tunes are composed
_KEYS, _RHYTHMS = ("Edor", "D", "Am", "G", "Bm"), ("reel", "jig", "hornpipe", "waltz", "polka", "slip jig")


def measure(config: Path | None) -> Iterator[Row]:
    """`MEMBERS` members ask for a tune in the same moment, and look around while they wait."""
    try:
        from bot.benchmarks.discord.loopback import run_loopback
        from tests.bot.discord.wire import bot_on
    except ImportError as error:
        print(f"answers on Discord are not measured: {error}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="tunesmith-bench-") as folder, run_loopback() as discord:
        lags = Path(folder) / "lags"
        options = ["--lags", str(lags), *(["--config", str(config)] if config else [])]
        with bot_on(discord, Path(folder) / "data", *options, TUNESMITH_QUEUE__LIMIT=str(2 * MEMBERS)) as running:
            _wait(discord, [_compose(discord, 0)])  # the first one finds everything cold
            began = time.monotonic()
            asked = [_compose(discord, number) for number in range(MEMBERS)]
            asked += _wait(discord, asked)
            seconds = time.monotonic() - began
            running.stop(signal.SIGTERM)
        late = [lag for at, lag in json.loads(lags.read_text()) if 0 <= at - began <= seconds]
        yield from _rows(discord, asked, late)


def _compose(discord: "Loopback", number: int) -> str:
    key, rhythm = _KEYS[number % len(_KEYS)], _RHYTHMS[number % len(_RHYTHMS)]
    return discord.slash({"key": key, "rhythm": rhythm, "seed": number}, user=1000 + number)


def _wait(discord: "Loopback", tunes: Sequence[str]) -> list[str]:
    """Until these tunes are there, other commands, one after the other."""
    others: list[str] = []
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not all(_there(discord, token) for token in tunes):
        name = ("top", "mine", "help")[len(others) % 3]
        others.append(discord.slash({}, user=1000 + len(others) % MEMBERS, name=name))
        time.sleep(_EVERY)
    return others


def _there(discord: "Loopback", token: str) -> bool:
    message = discord.answer(token)
    return bool(message and message["embeds"])


def _rows(discord: "Loopback", asked: Sequence[str], late: Sequence[float]) -> Iterator[Row]:
    waits = [
        discord.acknowledged[token] - discord.dispatched[token] for token in asked if token in discord.acknowledged
    ]
    unanswered = len(asked) - len(waits) + sum(not _there(discord, token) for token in asked[:MEMBERS])
    name = f"Discord, {MEMBERS} members at once"
    yield at_most(f"{name}: acknowledged, 99th percentile", 1000 * _percentile(waits), 300, "ms")
    yield Row(f"{name}: acknowledged, the last", 1000 * max(waits), "ms")
    yield at_most(f"{name}: event loop late, 99th percentile", 1000 * _percentile(late), 50, "ms")
    yield at_most(f"{name}: unanswered", unanswered, 0, "interactions")


def _percentile(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))]
