"""The messages of retrainings: they follow each to its end, also over a restart of the bot."""

import asyncio
import io
import logging
from collections.abc import Callable
from typing import Any

import discord

from bot.core.errors import TunesmithError
from bot.core.retraining import Retraining
from bot.discord.context import PLATFORM, Context
from bot.discord.delivery.prompt_message import RETRIES
from bot.discord.errors import UNREACHABLE
from bot.discord.messages import model

EVERY = 4.0  # seconds between two edits
GOODBYE = "The bot is being restarted; it goes on with this as soon as it is back."

log = logging.getLogger(__name__)


class RetrainingMessages:
    """Shows retrainings that were begun on this platform; it hears of every change from the moment it is made."""

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._changes = parts.retrainer.subscribe()
        self._open: dict[int, _LiveMessage] = {}

    async def follow(self, client: Callable[[], discord.Client]) -> None:
        """Show all that this bot has under way, until cancelled."""
        for owed in await self._parts.retrainer.undelivered(PLATFORM):
            if self._parts.retrainer.here(owed.id):
                self._pass_on(client, owed)
        async for news in self._changes:
            self._pass_on(client, news)

    async def take_over(self, client: Callable[[], discord.Client]) -> None:
        """Show those that ended without their message showing it, where no other bot is to; go on having one's own."""
        for owed in await self._parts.retrainer.undelivered(PLATFORM):
            if owed.status.final and await self._parts.retrainer.claim_delivery(owed.id):
                self._pass_on(client, owed)

    async def stop(self) -> None:
        """Say that it goes on later, where it does."""
        await asyncio.gather(*(each.part() for each in self._open.values()), return_exceptions=True)

    def _pass_on(self, client: Callable[[], discord.Client], news: Retraining) -> None:
        if news.platform != PLATFORM or not news.message_id:
            return
        live = self._open.get(news.id)
        if live is None:
            live = self._open[news.id] = _LiveMessage(self._parts, client, news)
            live.task.add_done_callback(lambda _: self._open.pop(news.id, None))
        live.tell(news)


class _LiveMessage:
    """One message. The curve is drawn anew with an edit, no oftener than edits are allowed."""

    def __init__(self, parts: Context, client: Callable[[], discord.Client], first: Retraining) -> None:
        self._parts, self._client = parts, client
        self._latest = first
        self._drawn = 0  # points of the curve that the message shows
        self._news, self._ended = asyncio.Event(), asyncio.Event()
        self.task: asyncio.Task[None] = asyncio.create_task(self._run(), name=f"message of retraining {first.id}")

    def tell(self, news: Retraining) -> None:
        if self._latest.status.final:
            return
        self._latest = news
        self._news.set()
        if news.status.final:
            self._ended.set()

    async def part(self) -> None:
        """The bot is being stopped."""
        if self._ended.is_set():
            await asyncio.wait([self.task])
            return
        self.task.cancel()
        try:
            await self._message.edit(content=GOODBYE)
        except (discord.HTTPException, *UNREACHABLE) as error:
            log.info("retraining %d: its message could not be edited: %s", self._latest.id, error)

    async def _run(self) -> None:
        while not self._latest.status.final:
            await self._news.wait()
            self._news.clear()
            if not self._ended.is_set():
                await self._mention_progress()
                await self._pause()
        if not await self._parts.retrainer.claim_delivery(self._latest.id):
            return  # another bot shows it
        for pause in RETRIES:
            try:
                await self._show()
                break
            except UNREACHABLE as error:
                log.info("retraining %d: Discord is not to be reached (%s)", self._latest.id, error)
                await asyncio.sleep(pause)
            except discord.HTTPException as error:  # the message, the channel or the server is gone: so is who reads it
                log.info("retraining %d ended, which could not be shown: %s", self._latest.id, error)
                break
        else:
            return  # until the next start
        await self._parts.retrainer.delivered(self._latest.id)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(EVERY):
                await self._ended.wait()
        except TimeoutError:
            pass

    async def _mention_progress(self) -> None:
        """A failure is no matter, since the end is still to come."""
        try:
            await self._show()
        except (discord.HTTPException, *UNREACHABLE) as error:
            log.info("retraining %d: its message could not be edited: %s", self._latest.id, error)

    async def _show(self) -> None:
        latest = self._latest
        points = len(latest.progress.losses)
        picture = await self._curve(latest) if latest.status.final or points > self._drawn else None
        embed = model.retraining(latest, picture=bool(picture or self._drawn))
        changes: dict[str, Any] = {"content": "", "embed": embed}
        if picture:
            changes["attachments"] = [discord.File(io.BytesIO(picture), model.PICTURE, description="Loss curve")]
        await self._message.edit(**changes)
        self._drawn = points if picture else self._drawn

    async def _curve(self, latest: Retraining) -> bytes | None:
        try:
            return await self._parts.retrainer.curve(latest)
        except TunesmithError as error:
            log.info("retraining %d: its curve could not be drawn: %s", latest.id, error)
            return None

    @property
    def _message(self) -> discord.PartialMessage:
        channel = self._client().get_partial_messageable(int(self._latest.channel_id))
        return channel.get_partial_message(int(self._latest.message_id))
