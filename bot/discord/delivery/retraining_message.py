"""The messages of retrainings: progress with a loss curve, then the report, also across restarts of the bot."""

import asyncio
import io
import logging
from collections.abc import Callable
from typing import Any

import discord

from bot.core.errors import TunesmithError
from bot.core.retraining import Retraining
from bot.discord.bounds import content, embeds
from bot.discord.context import PLATFORM, Context
from bot.discord.delivery.live_message import LiveMessage
from bot.discord.delivery.timing import DeliveryTiming
from bot.discord.messages.model import PICTURE, retraining_embed, retraining_line
from bot.discord.refusals import Outcome, outcome_of

RESTARTING = "The bot is being restarted; it goes on with this as soon as it is back."

log = logging.getLogger(__name__)

GetClient = Callable[[], discord.Client]  # a later client replaces an earlier one


class RetrainingMessages:
    """The messages of all retrainings that were begun on Discord. Subscribes to their updates on construction."""

    def __init__(self, context: Context, timing: DeliveryTiming) -> None:
        self._context, self._timing = context, timing
        self._updates = context.retrainer.subscribe()
        self._open: dict[int, RetrainingMessage] = {}  # by retraining

    async def follow(self, client: GetClient) -> None:
        """Show all retrainings that this bot runs, until cancelled."""
        for retraining in await self._context.retrainer.undelivered(PLATFORM):
            if self._context.retrainer.runs_here(retraining.id):
                self._update(client, retraining)
        async for retraining in self._updates:
            self._update(client, retraining)

    async def take_over(self, client: GetClient) -> None:
        """Claim the delivery of retrainings that ended while no bot showed it, and show them."""
        for retraining in await self._context.retrainer.undelivered(PLATFORM):
            if retraining.status.final and await self._context.retrainer.claim_delivery(retraining.id):
                self._update(client, retraining)

    async def stop(self) -> None:
        """Deliver the ends that have come; the other messages say that they go on after the restart."""
        await asyncio.gather(*(message.suspend() for message in self._open.values()), return_exceptions=True)

    @property
    def idle(self) -> bool:
        """Whether no message is being kept up to date."""
        return not self._open

    def _update(self, client: GetClient, retraining: Retraining) -> None:
        if retraining.platform != PLATFORM or not retraining.message_id:
            return
        message = self._open.get(retraining.id)
        if message is None:
            message = self._open[retraining.id] = RetrainingMessage(self._context, client, retraining, self._timing)
            message.task.add_done_callback(lambda _: self._open.pop(retraining.id, None))
        message.update(retraining)


class RetrainingMessage(LiveMessage[Retraining]):
    """The message of one retraining. A new picture of the loss curve comes with an edit that has new points to show."""

    def __init__(self, context: Context, client: GetClient, first: Retraining, timing: DeliveryTiming) -> None:
        super().__init__(first, f"retraining {first.id}", timing.retraining_interval, timing)
        self._context, self._client = context, client
        self._points = 0  # of the curve that the message shows

    def _is_final(self, state: Retraining) -> bool:
        return state.status.final

    def _restart_notice(self) -> str:
        return RESTARTING

    async def _edit_line(self, line: str) -> None:
        await self._message.edit(**content(line))

    async def _show_progress(self) -> bool:
        await self._attempt(self._show())
        return True

    async def _claim_delivery(self) -> bool:
        return await self._context.retrainer.claim_delivery(self._latest.id)

    async def _show_end(self) -> None:
        try:
            await self._show()
        except discord.HTTPException as error:
            await self._show_otherwise(error)
        await self._context.retrainer.delivered(self._latest.id)

    async def _show_otherwise(self, refusal: discord.HTTPException) -> None:
        """What becomes of an end that Discord refused to show in its message. Raises what may succeed later."""
        match outcome_of(refusal):
            case Outcome.LATER:
                raise refusal
            case Outcome.UNCHANGEABLE:
                await self._permitted(self._channel.send(**embeds(retraining_embed(self._latest, picture=False))))
            case Outcome.MALFORMED | Outcome.TOO_LARGE:
                log.error("%s: Discord does not take its end", self._subject, exc_info=refusal)
                await self._permitted(self._edit_line(retraining_line(self._latest)))
            case outcome:
                log.info("%s: its end could not be shown, %s: %s", self._subject, outcome.value, refusal)

    async def _show(self) -> None:
        latest = self._latest
        points = len(latest.progress.losses)
        picture = await self._curve(latest) if latest.status.final or points > self._points else None
        embed = retraining_embed(latest, picture=bool(picture or self._points))
        changes: dict[str, Any] = {**content(""), **embeds(embed)}
        if picture:
            changes["attachments"] = [discord.File(io.BytesIO(picture), PICTURE, description="Loss curve")]
        await self._message.edit(**changes)
        self._points = points if picture else self._points

    async def _curve(self, latest: Retraining) -> bytes | None:
        try:
            return await self._context.retrainer.curve(latest)
        except TunesmithError as error:
            log.info("%s: its curve could not be drawn: %s", self._subject, error)
            return None

    @property
    def _channel(self) -> discord.PartialMessageable:
        return self._client().get_partial_messageable(int(self._latest.channel_id))

    @property
    def _message(self) -> discord.PartialMessage:
        return self._channel.get_partial_message(int(self._latest.message_id))
