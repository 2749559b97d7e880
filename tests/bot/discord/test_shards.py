"""Bots that share a token and a database, each with shards of its own: every tune arrives once, whichever bot dies."""

import signal
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.benchmarks.discord.loopback import Loopback, reply
from bot.benchmarks.discord.payloads import GROUP, IN_SECOND
from tests.bot.discord.wire import arrived, bot_on, kill, loopback
from tests.command_line import Running
from tests.engines import postgres

LEASE = 1.0  # seconds: the shortest that the settings allow


def query(database: str, sql: str) -> list[tuple[Any, ...]]:
    return postgres.elsewhere(postgres.run(database, sql))


def states(database: str) -> Counter[str]:
    return Counter(dict(query(database, "SELECT state, count(*) FROM prompts GROUP BY state")))


def times_shown(discord: Loopback, tokens: Collection[str]) -> list[int]:
    """How often the message of each interaction was made to show a tune."""
    paths = [
        request.path
        for request in discord.requests
        if request.method in ("PATCH", "POST") and isinstance(request.body, dict) and request.body.get("embeds")
    ]
    return [sum(token in path or path.endswith(f"/{discord.responses[token]}") for path in paths) for token in tokens]


def outlived(database: str) -> Callable[[], bool]:
    """For `until`: whether all leases that stand now would have expired long ago, had they not been renewed since."""
    (latest,) = query(database, "SELECT max(leased_until) FROM prompts WHERE delivered_at IS NULL")[0]
    renewed = "SELECT min(leased_until) FROM prompts WHERE delivered_at IS NULL"
    return lambda: bool(query(database, renewed)[0][0] > latest + timedelta(seconds=1.5 * LEASE))


def test_each_answers_on_its_own_shards_and_for_others_that_died(tmp_path: Path, database: str) -> None:
    settings = {
        "TUNESMITH_STORE__URL": database,
        "TUNESMITH_STORE__LEASE": str(LEASE),
        "TUNESMITH_DISCORD__SHARDS": "2",
        "TUNESMITH_QUEUE__AT_ONCE": "2",
    }

    def on_shard(shard: int) -> AbstractContextManager[Running]:
        shards = {"TUNESMITH_DISCORD__SHARD_IDS": f"[{shard}]"}
        return bot_on(discord, tmp_path / str(shard), "--stand-in", **settings, **shards)

    def slashes(first_user: int, count: int) -> list[str]:
        return [discord.slash({"key": "D"}, user=first_user + n, where=IN_SECOND) for n in range(count)]

    with loopback() as discord, on_shard(0), on_shard(1) as second:
        slow = tmp_path / "1" / "slow"
        assert sorted(tuple(each["shard"]) for each in discord.gateway.identified) == [(0, 2), (1, 2)]
        assert sum(request.path.endswith("/commands") for request in discord.requests) == 1
        for where in ({}, IN_SECOND, GROUP):
            discord.until(arrived(discord, discord.slash({"key": "D"}, where=where)))
        one, other, third = (bot for _, bot in query(database, "SELECT id, bot FROM prompts ORDER BY id"))
        assert one == third != other, "events outside servers go to shard 0"

        # the second has a tune that Discord does not accept from it, and others in work; it lives
        discord.failures += [("@original", reply({}, 502)) for _ in range(100)]
        tokens = slashes(99, 1)
        discord.until(lambda: states(database)["done"] == 4)
        slow.touch()
        tokens += slashes(100, 3)
        discord.until(lambda: states(database) == {"done": 4, "rendering": 2, "queued": 1})
        discord.until(outlived(database))
        assert states(database)["done"] == 4, "as long as it lives, nobody else composes them"
        messages = [f"/messages/{discord.responses[token]}" for token in tokens]
        assert not any(request.path.endswith(message) for request in discord.requests for message in messages)

        # it is stopped for longer than its lease, and continues
        second.process.send_signal(signal.SIGSTOP)
        discord.failures.clear()
        before, old_messages = times_shown(discord, tokens), set(discord.messages)
        for token in tokens:
            discord.until(arrived(discord, token))
        second.process.send_signal(signal.SIGCONT)
        slow.unlink()
        discord.until(arrived(discord, *slashes(200, 1)))

        # it dies
        slow.touch()
        tokens += slashes(300, 3)
        discord.until(lambda: states(database)["rendering"] == 2)
        before += times_shown(discord, tokens[4:])
        kill(second)
        for token in tokens:
            discord.until(arrived(discord, token))
        discord.until(lambda: query(database, "SELECT count(*) FROM prompts WHERE delivered_at IS NULL") == [(0,)])
        after = times_shown(discord, tokens)
        assert [new - old for new, old in zip(after, before, strict=True)] == [1] * 7, "once each"
        assert len(discord.messages) == len(old_messages) + 4, "in the messages of the commands"
