"""The bot on a server that simcord simulates: real use cases, store and processes behind it, members in front.

The stand-in worker composes, and the stand-in trainer trains.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.core.config import Config
from bot.core.errors import TunesmithError
from bot.core.values import Place
from bot.discord.client import Client
from bot.discord.context import Context
from bot.discord.delivery.delivery import Delivery
from bot.discord.delivery.timing import DeliveryTiming
from bot.library.member_data import MemberData
from bot.library.reports import Reports
from bot.library.tunebook import Tunebooks
from bot.render import Renderer
from bot.retraining.retrainer import Retrainer
from bot.store import Store
from bot.workers.local.trainer import Trainer
from model.errors import InputError
from tests.bot.library.test_tunebook import Binder
from tests.bot.retraining.retrainers import GPU, VOTES, Draws
from tests.bot.running_bot import Bot, running_bot
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER
from tests.waiting import until

TIMING = DeliveryTiming(prompt_interval=0.05, retraining_interval=0.05, retry_pauses=(0.01,) * 5)
TIMEOUT = 40.0  # seconds, with other work on the same cores


@dataclass
class SimulatedServer:
    """A server with one channel and two members, Ann and Ben; more can be made with `member`."""

    env: Any
    bot: Bot
    context: Context
    client: Client
    guild: Any
    channel: Any
    ann: Any
    ben: Any
    timing: DeliveryTiming

    def member(self, name: str, **permissions: bool) -> Any:
        """A new member; with permissions, through a role that has them."""
        roles = (
            [self.guild.create_role(f"{name}s", permissions=discord.Permissions(**permissions))] if permissions else []
        )
        return self.guild.add_member(self.env.create_user(name), roles=roles)

    async def restart(self) -> None:
        """Stop the front end and start a new one, as another process would: nothing of its memory is left."""
        await self.client.delivery.stop()
        delivery = Delivery(self.context, self.timing)
        self.client = Client(self.context, delivery, shards=1)
        await self.env.restart_bot(self.client)
        delivery.start()

    @property
    def place(self) -> Place:
        """Ann, on this server."""
        return Place("discord", str(self.guild.id), str(self.ann.id), "ann")

    @property
    def last(self) -> discord.Message:
        message: discord.Message = self.channel.last_message
        return message

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait for a condition, and give its value. The simulation itself waits only for what the client began."""
        return await until(condition, TIMEOUT)

    async def undelivered(self, count: int) -> None:
        """Wait until that many answers have yet to be delivered."""

        async def reached() -> bool:
            return len(await self.bot.store.prompts.undelivered(("discord",))) == count

        await self.until(reached)

    async def finished(self, prompt_id: int) -> None:
        """Wait until a prompt is in a final state."""

        async def final() -> bool:
            return (await self.bot.state(prompt_id)).final

        await self.until(final)

    async def composed(self, member: Any = None, **options: Any) -> discord.Message:
        """A finished answer to /compose."""
        result = await (member or self.ann).slash(self.channel, "compose", **{"key": "Edor", **options})
        return await self.answered(result)

    async def answered(self, result: Any) -> discord.Message:
        """The message that responds to an interaction, once it shows tunes."""
        message: discord.Message = await self.until(lambda: self.with_tunes(result.response.id))
        return message

    def with_tunes(self, message_id: int) -> discord.Message | None:
        """A message, if it shows tunes."""
        message = self.message(message_id)
        return message if message and message.embeds else None

    def with_text(self, message_id: int, text: str) -> discord.Message | None:
        """A message, if its content, or the description of its embed, has this text."""
        message = self.message(message_id)
        texts = [message.content, *(embed.description or "" for embed in message.embeds)] if message else []
        return message if any(text in each for each in texts) else None

    def message(self, message_id: int) -> discord.Message | None:
        return next((message for message in self.channel.history() if message.id == message_id), None)


@asynccontextmanager
async def simulated_server(
    path: Path,
    trainer: Sequence[str] = (),
    config: dict[str, Any] | None = None,
    timing: DeliveryTiming = TIMING,
    charts: Renderer | None = None,
    **options: Any,
) -> AsyncIterator[SimulatedServer]:
    """A bot that has just been added to a server. `options` are for `running_bot`.

    `trainer` are options of the stand-in trainer. Loss curves are drawn by `charts`, or not at all.
    """
    async with (
        running_bot(path / "tunesmith.db", **options) as bot,
        retrainer(bot.store, path, trainer, charts) as retrains,
    ):
        context = Context(
            composer=bot.composer,
            library=bot.composer.library,
            store=bot.store,
            config=Config(data_dir=path, **(config or {})),
            settings=bot.settings,
            tunebooks=Tunebooks(bot.store, Binder()),
            retrainer=retrains,
            member_data=MemberData(bot.store, bot.composer.cancel),
            reports=Reports(bot.store, bot.composer.library),
        )
        delivery = Delivery(context, timing)
        client = Client(context, delivery, shards=1)
        async with simcord.run(client, settle_timeout=15.0, check_errors=False) as env:
            delivery.start()  # not by the client, or the simulation would wait for its tasks to end
            guild = env.create_guild()
            channel = guild.create_text_channel("tunes")
            ann, ben = (guild.add_member(env.create_user(name)) for name in ("ann", "ben"))
            server = SimulatedServer(env, bot, context, client, guild, channel, ann, ben, timing)
            yield server
            await server.client.delivery.stop()
            unexpected = [error for error in env.errors if not isinstance(cause(error), TunesmithError | InputError)]
            assert unexpected == []


def retrainer(store: Store, path: Path, options: Sequence[str], charts: Renderer | None = None) -> Retrainer:
    return Retrainer(
        store,
        Trainer((*STAND_IN_TRAINER, *options), nice=0),
        folder=path / "checkpoints",
        cache=path,
        draws=charts or Draws(),
        minimum_votes=VOTES,
        lease=1.0,
        workers=lambda: [GPU],
    )


def cause(error: BaseException) -> BaseException:
    return getattr(error, "original", error)


def all_text(result: Any) -> str:
    """All that the response to an interaction says, or its last followup: content and embeds."""
    message = result.response or result.followups[-1]
    embeds = [
        "\n".join([embed.title or "", embed.description or "", *(f"{f.name}: {f.value}" for f in embed.fields)])
        for embed in message.embeds
    ]
    return "\n".join([message.content, *embeds])


def files(message: discord.Message) -> list[str]:
    """The kinds of the attachments, in order."""
    return [attachment.filename.rpartition(".")[2] for attachment in message.attachments]


def custom_ids(message: discord.Message) -> list[str]:
    return [
        str(getattr(child, "custom_id", "")) for row in message.components for child in getattr(row, "children", ())
    ]


def labels(message: discord.Message) -> list[str | None]:
    return [getattr(child, "label", None) for row in message.components for child in row.children]  # type: ignore[union-attr]
