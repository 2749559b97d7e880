"""The bot on a simulated Discord: real parts and a stand-in worker behind it, members and channels in front."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.core.config import Config
from bot.core.errors import TunesmithError
from bot.discord.client import Client
from bot.discord.context import Context
from bot.discord.delivery.delivery import Delivery
from bot.library.tunebook import Tunebooks
from bot.retraining.retrainer import Retrainer
from bot.store import Store
from bot.workers.local.trainer import Trainer
from model.errors import InputError
from tests.bot.library.test_tunebook import Binder
from tests.bot.retraining.retrainers import GPU, VOTES, Draws
from tests.bot.running_bot import Bot, running
from tests.bot.workers.local.test_trainer import STAND_IN as TRAINER


@dataclass
class Stage:
    """A server with one channel and two members, Ann and Ben; more can be made with `member`."""

    env: Any
    bot: Bot
    parts: Context
    client: Client
    guild: Any
    channel: Any
    ann: Any
    ben: Any

    def member(self, name: str) -> Any:
        return self.guild.add_member(self.env.create_user(name))

    async def restart(self) -> None:
        """Another process, as far as Discord can tell: nothing of the front end's memory is left."""
        await self.client.delivery.stop()
        delivery = Delivery(self.parts)
        self.client = Client(self.parts, delivery, shards=1)
        await self.env.restart_bot(self.client)
        delivery.listen()

    @property
    def last(self) -> discord.Message:
        message: discord.Message = self.channel.last_message
        return message

    async def until(self, holds: Callable[[], Any]) -> Any:
        """What `holds` gives once it gives something. The way of a prompt is not the simulation's work."""
        async with asyncio.timeout(40):
            while not (found := holds()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    async def owed(self, count: int) -> None:
        """Wait until that many answers are still to be delivered."""
        async with asyncio.timeout(40):
            while len(await self.bot.store.prompts.undelivered(("discord",))) != count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def finished(self, prompt_id: int) -> None:
        async with asyncio.timeout(40):
            while not (await self.bot.state(prompt_id)).final:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def composed(self, member: Any = None, **options: Any) -> discord.Message:
        """A finished answer to /compose."""
        result = await (member or self.ann).slash(self.channel, "compose", **{"key": "Edor", **options})
        message_id = result.response.id
        message: discord.Message = await self.until(lambda: self.shown(message_id))
        return message

    def shown(self, message_id: int) -> discord.Message | None:
        """A message, once it shows tunes."""
        message = self.message(message_id)
        return message if message and message.embeds else None

    def message(self, message_id: int) -> discord.Message | None:
        return next((message for message in self.channel.history() if message.id == message_id), None)


@asynccontextmanager
async def stage(
    path: Path, trainer: Sequence[str] = (), config: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Stage]:
    """A bot that has just been added to a server. `trainer` has words for its stand-in, the rest is for `running`."""
    async with running(path / "tunesmith.db", **options) as bot, retrainer(bot.store, path, trainer) as retraining:
        parts = Context(
            *(bot.composer, bot.composer.library, bot.store, Config(data_dir=path, **(config or {}))),
            *(bot.settings, Tunebooks(bot.store, Binder()), retraining),
        )
        delivery = Delivery(parts)
        client = Client(parts, delivery, shards=1)
        async with simcord.run(client, settle_timeout=15.0, check_errors=False) as env:
            delivery.listen()  # here, so that the simulation does not take it for the bot's, and wait for its end
            guild = env.create_guild()
            channel = guild.create_text_channel("tunes")
            ann, ben = (guild.add_member(env.create_user(name)) for name in ("ann", "ben"))
            on = Stage(env, bot, parts, client, guild, channel, ann, ben)
            yield on
            await on.client.delivery.stop()
            unexpected = [error for error in env.errors if not isinstance(cause(error), TunesmithError | InputError)]
            assert unexpected == []


def retrainer(store: Store, path: Path, words: Sequence[str]) -> Retrainer:
    trainer = Trainer((*TRAINER, *words), nice=0)
    options: dict[str, Any] = {"minimum_votes": VOTES, "lease": 1.0, "workers": lambda: [GPU]}
    return Retrainer(store, trainer, path / "checkpoints", path, Draws(), **options)


def cause(error: BaseException) -> BaseException:
    return getattr(error, "original", error)


def files(message: discord.Message) -> list[str]:
    """The kinds of what is attached, in order."""
    return [attachment.filename.rpartition(".")[2] for attachment in message.attachments]


def custom_ids(message: discord.Message) -> list[str]:
    return [
        str(getattr(child, "custom_id", "")) for row in message.components for child in getattr(row, "children", ())
    ]


def labels(message: discord.Message) -> list[str | None]:
    return [getattr(child, "label", None) for row in message.components for child in row.children]  # type: ignore[union-attr]
