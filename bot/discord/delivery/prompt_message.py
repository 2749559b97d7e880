"""The message of one prompt: its position in the queue while its member waits, then the tunes."""

import asyncio
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord

from bot.core.errors import StoreUnavailable, TunesmithError
from bot.core.logs import about
from bot.core.values import Progress, State, StoredPrompt
from bot.discord import bounds
from bot.discord.context import Context, is_user_install
from bot.discord.delivery.live_message import LiveMessage
from bot.discord.delivery.timing import DeliveryTiming
from bot.discord.errors import error_line, send_private
from bot.discord.messages import wording
from bot.discord.messages.content import MessageContent
from bot.discord.messages.tunes import USUAL_LIMIT, tune_message
from bot.discord.refusals import Outcome, outcome_of

log = logging.getLogger(__name__)

_UNKNOWN_MESSAGE = 10008


class PromptMessage(LiveMessage[Progress]):
    """Answers through the interaction while its token is valid, afterwards by editing the message as the bot."""

    def __init__(
        self,
        context: Context,
        client: discord.Client,
        prompt: StoredPrompt,
        interaction: discord.Interaction[Any] | None,
        timing: DeliveryTiming,
    ) -> None:
        super().__init__(Progress(prompt), f"prompt {prompt.id}", timing.prompt_interval, timing)
        self.client = client
        self._context, self._prompt, self._interaction = context, prompt, interaction
        self._began = time.monotonic()
        self._line = wording.RECEIVED  # what the message shows
        self._content: MessageContent | None = None  # the end, rendered once for all attempts

    def _is_final(self, state: Progress) -> bool:
        return state.prompt.state.final

    def _restart_notice(self) -> str:
        installed = self._interaction and is_user_install(self._interaction)
        return wording.RESTARTING_USER_INSTALL if installed else wording.RESTARTING

    async def _run(self) -> None:
        about(self._prompt.id)
        await super()._run()

    async def _show_progress(self) -> bool:
        line = wording.status(self._latest)
        if line == self._line:
            return False
        await self._attempt(self._edit_line(line))
        self._line = line
        return True

    async def _edit_line(self, line: str) -> None:
        if self._interaction and not self._expired:
            await self._interaction.edit_original_response(**bounds.content(line))
        else:
            await self._message.edit(**bounds.content(line))

    async def _claim_delivery(self) -> bool:
        while self._context.config.shared:
            try:
                return await self._context.store.prompts.claim_delivery(self._prompt.id)
            except StoreUnavailable:
                await asyncio.sleep(self._interval)
        return True

    async def _show_end(self) -> None:
        if self._content is None:
            self._content = await self._render(self._limit)
        try:
            await self._place(self._content)
        except discord.HTTPException as error:
            self._content = await self._content_instead(error)
            await self._place(self._content)

    async def _content_instead(self, refusal: discord.HTTPException) -> MessageContent:
        """What is shown in place of what Discord refused to take. Raises what may succeed later."""
        match outcome_of(refusal):
            case Outcome.TOO_LARGE:
                return await self._render(0)  # without audio
            case Outcome.MALFORMED:
                log.error("%s: Discord does not take its answer", self._subject, exc_info=refusal)
                return MessageContent(wording.NOT_SHOWN)
        raise refusal

    async def _render(self, limit: int) -> MessageContent:
        progress = self._latest
        if progress.prompt.state is not State.DONE or not progress.tunes:
            return MessageContent(wording.outcome(progress))
        try:
            return await tune_message(self._context.library, progress.tunes, limit)
        except TunesmithError as error:
            return MessageContent(error_line(error))

    async def _place(self, content: MessageContent) -> None:
        """Edit the message of the prompt; where that is not possible any more, send a new one instead."""
        ways = [self._send, self._edit_as_bot] if self._expired else [self._edit, self._send]
        for show in ways:
            try:
                await show(content)
            except discord.HTTPException as error:
                outcome = outcome_of(error)
                if outcome in (Outcome.LATER, Outcome.TOO_LARGE, Outcome.MALFORMED):
                    raise
                log.info("%s: Discord refused, %s: %s", self._subject, outcome.value, error)
                if error.code == _UNKNOWN_MESSAGE:
                    break  # somebody deleted it: a new one is not wanted
            else:
                return
        log.info("%s: its message cannot be written, so its tunes are in /mine", self._subject)
        await self._context.store.prompts.mark_delivered(self._prompt.id)

    async def _edit(self, content: MessageContent) -> None:
        if self._interaction and self._latest.refused:
            await send_private(self._interaction, content.content)  # a mistake in it concerns its member alone
        elif self._interaction:
            await self._interaction.edit_original_response(**content.edit())
        else:
            await self._message.edit(**content.edit())
        await self._on_answered()

    async def _edit_as_bot(self, content: MessageContent) -> None:
        await self._message.edit(**content.edit())
        await self._on_answered()

    async def _on_answered(self) -> None:
        await self._context.store.prompts.mark_delivered(self._prompt.id)
        log.info("%s is answered", self._subject)

    async def _send(self, content: MessageContent) -> None:
        """Send a message that mentions the member, and delete the one that showed the progress.

        Its nonce has Discord drop a second one, should the bot go down before the first is stored.
        """
        member = discord.Object(int(await self._context.store.members.external_id(self._prompt.member_id)))
        description = wording.description(self._prompt.prompt, self._prompt.count)
        text = f"<@{member.id}> You asked for {description}. {content.content}".strip()
        arguments = replace(content, content=text).send()
        only = discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[member])
        sent = await self._channel.send(**arguments, allowed_mentions=only, nonce=f"prompt-{self._prompt.id}")
        channel_id, message_id = self._prompt.channel_id, str(sent.id)
        await self._context.store.prompts.set_message(self._prompt.id, channel_id, message_id, delivered=True)
        log.info("%s is answered in a message of its own", self._subject)
        await self._permitted(self._message.delete())

    @property
    def _expired(self) -> bool:
        """By our own clock; where Discord's is ahead, it answers 401."""
        if self._interaction:
            return time.monotonic() - self._began > self._timing.interaction_lifetime
        age = datetime.now(UTC) - self._prompt.created_at
        return age.total_seconds() > self._timing.interaction_lifetime

    @property
    def _limit(self) -> int:
        return self._interaction.filesize_limit if self._interaction else USUAL_LIMIT

    @property
    def _channel(self) -> discord.PartialMessageable:
        return self.client.get_partial_messageable(int(self._prompt.channel_id))

    @property
    def _message(self) -> discord.PartialMessage:
        return self._channel.get_partial_message(int(self._prompt.message_id))
