"""Bots that share a token and a database, each with shards of its own: every tune arrives once, whoever goes down."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil

from bot.core.retraining import Options, RetrainingStatus
from bot.core.values import Message
from bot.discord.delivery.retraining_message import RetrainingMessages
from tests.bot.discord.loopback import Loopback, loopback, reply
from tests.bot.discord.payloads import GROUP, IN_SECOND
from tests.bot.discord.wire import arrived, bot_on
from tests.bot.retraining.retrainers import BOSS, RunningRetrainer, running_retrainer
from tests.command_line import Running
from tests.engines import postgres

LEASE = 1.0  # seconds: the shortest that a setting allows


def asked(database: str, query: str) -> list[tuple[Any, ...]]:
    return postgres.elsewhere(postgres.run(database, query))


def states(database: str) -> Counter[str]:
    return Counter(dict(asked(database, "SELECT state, count(*) FROM prompts GROUP BY state")))


def kill(running: Running) -> None:
    """As when the power goes."""
    for process in [psutil.Process(running.process.pid), *running.children()]:
        os.kill(process.pid, signal.SIGKILL)
    running.process.wait()


def times_shown(discord: Loopback, tokens: Collection[str]) -> list[int]:
    """How often the message of each interaction was made to show a tune."""
    shown = [
        request.path
        for request in discord.requests
        if request.method in ("PATCH", "POST") and isinstance(request.body, dict) and request.body.get("embeds")
    ]
    return [sum(token in path or path.endswith(f"/{discord.responses[token]}") for path in shown) for token in tokens]


def test_each_answers_on_its_own_shards_and_for_others_that_are_gone(tmp_path: Path, database: str) -> None:
    settings = {
        "TUNESMITH_STORE__URL": database,
        "TUNESMITH_STORE__LEASE": str(LEASE),
        "TUNESMITH_DISCORD__SHARDS": "2",
    }
    settings["TUNESMITH_QUEUE__AT_ONCE"] = "2"

    def on_shard(shard: int) -> Any:
        own = {**settings, "TUNESMITH_DISCORD__SHARD_IDS": f"[{shard}]"}
        return bot_on(discord, tmp_path / str(shard), "--stand-in", **own)

    with loopback() as discord, on_shard(0), on_shard(1) as second:
        assert sorted(tuple(each["shard"]) for each in discord.gateway.identified) == [(0, 2), (1, 2)]
        assert sum(request.path.endswith("/commands") for request in discord.requests) == 1
        for where in ({}, IN_SECOND, GROUP):
            discord.until(arrived(discord, discord.slash({"key": "D"}, where=where)))
        one, other, third = (bot for _, bot in asked(database, "SELECT id, bot FROM prompts ORDER BY id"))
        assert one == third != other, "what is said outside of servers goes to shard 0"

        # one tune is done, but Discord does not take it from the second, which lives; others are in work there
        discord.failures += [("@original", reply({}, 502)) for _ in range(100)]
        tokens = [discord.slash({"key": "D"}, user=99, where=IN_SECOND)]
        discord.until(lambda: states(database)["done"] == 4)
        (tmp_path / "1" / "slow").touch()
        tokens += [discord.slash({"key": "D"}, user=100 + n, where=IN_SECOND) for n in range(3)]
        discord.until(lambda: states(database) == {"done": 4, "rendering": 2, "queued": 1})
        time.sleep(1.5 * LEASE)
        assert states(database)["done"] == 4, "as long as it lives, they are its own"
        messages = [f"/messages/{discord.responses[token]}" for token in tokens]
        assert not any(request.path.endswith(message) for request in discord.requests for message in messages)

        second.process.send_signal(signal.SIGSTOP)  # for longer than its lease
        discord.failures.clear()
        before, there = times_shown(discord, tokens), set(discord.messages)
        for token in tokens:
            discord.until(arrived(discord, token))
        second.process.send_signal(signal.SIGCONT)
        (tmp_path / "1" / "slow").unlink()
        discord.until(arrived(discord, discord.slash({"key": "D"}, user=200, where=IN_SECOND)))

        (tmp_path / "1" / "slow").touch()
        tokens += [discord.slash({"key": "D"}, user=300 + n, where=IN_SECOND) for n in range(3)]
        discord.until(lambda: states(database)["rendering"] == 2)
        before += times_shown(discord, tokens[4:])
        kill(second)
        for token in tokens:
            discord.until(arrived(discord, token))
        discord.until(lambda: asked(database, "SELECT count(*) FROM prompts WHERE delivered_at IS NULL") == [(0,)])
        after = times_shown(discord, tokens)
        assert [new - old for new, old in zip(after, before, strict=True)] == [1] * 7, "once each"
        assert len(discord.messages) == len(there) + 4, "in the messages that stood there"


# ---- the messages of retrainings


class Channel:
    """Stands for a client of Discord, and remembers what its one message was made to show."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def get_partial_messageable(self, _: int) -> "Channel":
        return self

    def get_partial_message(self, _: int) -> "Channel":
        return self

    async def edit(self, **changes: Any) -> None:
        self.titles.append(changes["embed"].description if "embed" in changes else changes["content"])


@asynccontextmanager
async def bot_with_messages(
    data: Path, database: str
) -> AsyncIterator[tuple[RunningRetrainer, RetrainingMessages, Channel]]:
    async with running_retrainer(data, database=database, lease=LEASE) as running:
        channel = Channel()
        live = RetrainingMessages(SimpleNamespace(retrainer=running.retrainer))  # type: ignore[arg-type]
        following = asyncio.create_task(live.follow(lambda: channel))  # type: ignore[arg-type,return-value]
        try:
            yield running, live, channel
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await live.stop()


async def test_the_message_of_a_retraining_is_one_bots(tmp_path: Path, database: str) -> None:
    one, other = (bot_with_messages(tmp_path / name, database) for name in ("one", "other"))
    async with one as (running, live, channel), other as (_, beside, silent):
        done = await running.retrain(BOSS, message=Message("10", "20"))
        await beside.take_over(lambda: silent)  # type: ignore[arg-type,return-value]
        async with asyncio.timeout(10):
            while await running.retrainer.undelivered("discord"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert done.status is RetrainingStatus.PROMOTED
        assert (channel.titles[-1].startswith("Passed: version 2"), silent.titles) == (True, [])
        assert not live._open


async def test_one_whose_bot_has_gone_before_it_showed_the_end_is_shown_by_another(
    tmp_path: Path, database: str
) -> None:
    async with bot_with_messages(tmp_path / "other", database) as (running, live, channel):
        retrainings = running.store.retrainings
        begun = await retrainings.begin(BOSS, Options(1), 1, "gone", Message("10", "20"))
        await retrainings.end(begun.id, "gone", RetrainingStatus.FAILED, error="too bad")
        await live.take_over(lambda: channel)  # type: ignore[arg-type,return-value]
        assert not live._open, "whoever had it may be about to show it"
        await asyncio.sleep(1.2 * LEASE)
        for _ in range(2):
            await live.take_over(lambda: channel)  # type: ignore[arg-type,return-value]
        async with asyncio.timeout(10):
            while await running.retrainer.undelivered("discord"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await live.take_over(lambda: channel)  # type: ignore[arg-type,return-value]
        assert channel.titles == ["Failed, so nothing has changed: too bad"]
