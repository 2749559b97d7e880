"""The message of a retraining follows it to its end, across restarts, deletions and the loss of a bot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord

from bot.core.retraining import Options, RetrainingStatus
from bot.core.values import Message
from bot.discord.delivery.retraining_message import RESTARTING, RetrainingMessages
from tests.bot.discord.commands.test_model import embed_with, place, started
from tests.bot.discord.simulated_server import TIMING, SimulatedServer, retrainer, simulated_server
from tests.bot.retraining.retrainers import BOSS, RunningRetrainer, running_retrainer, use_first_version, vote
from tests.waiting import until

LEASE = 1.0  # seconds: the shortest that the settings allow


async def test_a_restart_continues_in_the_same_message(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with simulated_server(tmp_path, trainer=("--do", "hang", "--once", str(mark))) as server:
        await vote(server.bot.store)
        _, message = await started(server)
        await embed_with(server, message, "Learning, 75%")
        await server.client.delivery.stop()
        await server.context.retrainer.__aexit__()
        async with retrainer(server.bot.store, tmp_path, ()) as restarted:
            server.context = replace(server.context, retrainer=restarted)
            await server.restart()
            await embed_with(server, message, "version 2 composes from the next prompt on")
            assert len(server.channel.history()) == 1


async def test_an_end_that_came_while_the_bot_was_down_is_shown(tmp_path: Path) -> None:
    async with simulated_server(tmp_path, trainer=("--do", "hang")) as server:
        await vote(server.bot.store)
        _, message = await started(server)
        await embed_with(server, message, "Learning, 75%")
        await server.client.delivery.stop()
        stopped = server.message(message.id)
        assert stopped
        assert stopped.content == RESTARTING
        await server.context.retrainer.cancel(place(server))
        await server.restart()
        await embed_with(server, message, "Cancelled, so nothing has changed")


async def test_deleting_the_message_does_not_end_the_retraining(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    async with simulated_server(tmp_path, trainer=("--do", "hang", "--at", "written", "--once", str(mark))) as server:
        await vote(server.bot.store)
        _, message = await started(server)
        await server.member("cleaner", manage_messages=True).delete(message)
        await server.until(mark.exists)
        assert await status(server, 1) is RetrainingStatus.RUNNING
        await server.context.retrainer.cancel(place(server))
        await server.until(lambda: server.client.delivery.idle)
        assert await server.context.retrainer.undelivered("discord") == []


async def test_losing_access_to_the_channel_does_not_end_the_retraining(tmp_path: Path) -> None:
    async with simulated_server(tmp_path) as server:
        await use_first_version(server.bot.store, tmp_path)
        await vote(server.bot.store)
        server.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001, times=None)
        await started(server)

        async def all_delivered() -> bool:
            return not await server.context.retrainer.undelivered("discord")

        await server.until(all_delivered)
        assert await status(server, 1) is RetrainingStatus.PROMOTED
        assert await server.bot.store.versions.current() == 2


async def status(server: SimulatedServer, number: int) -> RetrainingStatus:
    return (await server.context.retrainer.retraining(number)).status


# ---- several bots on one database


class Channel:
    """Stands for a client of Discord, and keeps what its one message showed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def get_partial_messageable(self, _: int) -> "Channel":
        return self

    def get_partial_message(self, _: int) -> "Channel":
        return self

    async def edit(self, **changes: Any) -> None:
        self.lines.append(changes["embeds"][0].description if "embeds" in changes else changes["content"])


@asynccontextmanager
async def bot_with_messages(
    data: Path, database: str
) -> AsyncIterator[tuple[RunningRetrainer, RetrainingMessages, Channel]]:
    async with running_retrainer(data, database=database, lease=LEASE) as parts:
        channel: Any = Channel()
        messages = RetrainingMessages(SimpleNamespace(retrainer=parts.retrainer), TIMING)  # type: ignore[arg-type]
        following = asyncio.create_task(messages.follow(lambda: channel))
        try:
            yield parts, messages, channel
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await messages.stop()


async def all_delivered(parts: RunningRetrainer) -> None:
    async def delivered() -> bool:
        return not await parts.retrainer.undelivered("discord")

    await until(delivered)


def client_of(channel: Channel) -> Any:
    client: discord.Client = channel  # type: ignore[assignment]
    return lambda: client


async def test_the_message_of_a_retraining_belongs_to_one_bot(tmp_path: Path, database: str) -> None:
    one, other = (bot_with_messages(tmp_path / name, database) for name in ("one", "other"))
    async with one as (parts, messages, channel), other as (_, others_messages, others_channel):
        done = await parts.retrain(BOSS, message=Message("10", "20"))
        await others_messages.take_over(client_of(others_channel))
        await all_delivered(parts)
        assert done.status is RetrainingStatus.PROMOTED
        assert channel.lines[-1].startswith("Passed: version 2")
        assert others_channel.lines == []
        assert messages.idle


async def test_an_end_whose_bot_died_before_showing_it_is_shown_by_another(tmp_path: Path, database: str) -> None:
    async with bot_with_messages(tmp_path / "other", database) as (parts, messages, channel):
        learning = parts.store.retrainings
        retraining = await learning.begin(BOSS, Options(1), 1, "dead", Message("10", "20"))
        await learning.end(retraining.id, "dead", RetrainingStatus.FAILED, error="too bad")
        await messages.take_over(client_of(channel))
        assert messages.idle, "until its lease has expired, its own bot may be about to show it"

        async def taken_over() -> bool:
            await messages.take_over(client_of(channel))
            return not messages.idle or bool(channel.lines)

        await until(taken_over)
        await messages.take_over(client_of(channel))
        await all_delivered(parts)
        await messages.take_over(client_of(channel))
        assert channel.lines == ["Failed, so nothing has changed: too bad"]
