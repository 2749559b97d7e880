"""One prompt's message: what it says while its member waits, and the end, which arrives once."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import discord

from bot.core.errors import StoreUnavailable, TunesmithError
from bot.core.logs import about
from bot.core.values import Progress, State, StoredPrompt
from bot.discord.context import Context, is_guest
from bot.discord.errors import UNREACHABLE, line_of, say
from bot.discord.messages import wording
from bot.discord.messages.tunes import USUAL_LIMIT, Answer, show

T = TypeVar("T")

log = logging.getLogger(__name__)

EVERY = 2.5  # seconds between two edits while a member waits
RUNS_OUT = timedelta(minutes=14, seconds=45)  # Discord forgets an interaction after 15 minutes
RETRIES = (1.0, 2.0, 5.0, 10.0, 30.0, *[60.0] * 60)  # seconds; what has not arrived by then is tried at the next start
_DELETED = 10008  # unknown message
_TOO_LARGE = 40005


class PromptMessage:
    """Keeps the message of one prompt up to date; edits are as far apart as Discord likes, and always the newest."""

    def __init__(
        self,
        parts: Context,
        client: discord.Client,
        prompt: StoredPrompt,
        interaction: discord.Interaction[Any] | None,
    ) -> None:
        self.client = client
        self._parts, self._prompt, self._interaction = parts, prompt, interaction
        self._began = time.monotonic()
        self._latest = Progress(prompt)
        self._news, self._ended = asyncio.Event(), asyncio.Event()
        self.task: asyncio.Task[None] = asyncio.create_task(self._run(), name=f"answer to prompt {prompt.id}")

    def tell(self, progress: Progress) -> None:
        """The prompt has moved."""
        self._latest = progress
        self._news.set()
        if progress.prompt.state.final:
            self._ended.set()

    async def part(self) -> None:
        """The bot is being stopped: let the end arrive, or say that it comes later."""
        if self._ended.is_set():
            await asyncio.wait([self.task])
            return
        self.task.cancel()
        guest = self._interaction and is_guest(self._interaction)
        await self._mention_progress(wording.RESTARTING_GUEST if guest else wording.RESTARTING)

    async def _run(self) -> None:
        about(self._prompt.id)
        said = wording.RECEIVED
        while not self._ended.is_set():
            await self._news.wait()
            self._news.clear()
            line = wording.status(self._latest)
            if line != said and not self._ended.is_set():
                await self._mention_progress(line)
                said = line
                await self._pause()
        try:
            await self._deliver(self._latest)
        except Exception:
            log.exception("the answer to prompt %d was not delivered", self._prompt.id)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(EVERY):
                await self._ended.wait()
        except TimeoutError:
            pass

    async def _mention_progress(self, line: str) -> None:
        """Edit the message; a failure is no matter, since the end is still to come."""
        try:
            if self._interaction and not self._expired:
                await self._interaction.edit_original_response(content=line)
            else:
                await self._message.edit(content=line)
        except (discord.HTTPException, *UNREACHABLE) as error:
            log.info("prompt %d: its message could not be edited: %s", self._prompt.id, error)

    async def _deliver(self, progress: Progress) -> None:
        if not await self._is_ours():
            return
        answer = await self._answer(progress, self._limit)
        for pause in RETRIES:
            try:
                await self._place(answer)
                return
            except UNREACHABLE as error:
                log.info("prompt %d: Discord is not to be reached (%s): again in %g s", self._prompt.id, error, pause)
                await asyncio.sleep(pause)
            except discord.HTTPException as error:
                if error.status != 413 and error.code != _TOO_LARGE:
                    raise
                answer = await self._answer(progress, 0)  # without audio
        log.warning("the answer to prompt %d waits for the next start", self._prompt.id)

    async def _is_ours(self) -> bool:
        """Whether no other bot is to deliver it, which may have taken it over while this one was away."""
        while self._parts.config.shared:
            try:
                return await self._parts.store.prompts.claim_delivery(self._prompt.id)
            except StoreUnavailable:
                await asyncio.sleep(EVERY)
        return True

    async def _answer(self, progress: Progress, limit: int) -> Answer:
        if progress.prompt.state is not State.DONE or not progress.tunes:
            return Answer(wording.ended(progress))
        try:
            return await show(self._parts.library, progress.tunes, limit)
        except TunesmithError as error:
            return Answer(line_of(error))

    async def _place(self, answer: Answer) -> None:
        """Put the answer where it belongs: into its message; when that took too long, into a new one."""
        if not self._expired and await _allowed(self._edit(answer)):
            await self._parts.store.prompts.mark_delivered(self._prompt.id)
            log.info("prompt %d is answered", self._prompt.id)
            return
        sent = await _allowed(self._send(answer))
        if sent is None and (not self._expired or await _allowed(self._message.edit(**answer.edit())) is None):
            log.info("prompt %d: its channel cannot be written to, so its tunes are in /mine", self._prompt.id)
        if sent:
            log.info("prompt %d is answered in a message of its own", self._prompt.id)
        else:
            await self._parts.store.prompts.mark_delivered(self._prompt.id)

    async def _edit(self, answer: Answer) -> bool:
        try:
            if self._interaction and self._latest.refused:
                await say(self._interaction, answer.content)  # what is wrong with a prompt concerns its member alone
            elif self._interaction:
                await self._interaction.edit_original_response(**answer.edit())
            else:
                await self._message.edit(**answer.edit())
        except discord.NotFound as error:
            if error.code != _DELETED:
                raise
            log.info("prompt %d: its message was deleted, so its tunes are in /mine", self._prompt.id)
        return True

    async def _send(self, answer: Answer) -> bool:
        """A message in the channel that mentions the member, in place of the one that waited.

        Its nonce lets Discord keep one, should the bot go down before that is stored.
        """
        member = discord.Object(int(await self._parts.store.members.external_id(self._prompt.member_id)))
        asked = wording.asked(self._prompt.prompt, self._prompt.count)
        arguments = answer.send()
        arguments["content"] = f"<@{member.id}> You asked for {asked}. {answer.content}".strip()
        only = discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[member])
        sent = await self._channel.send(**arguments, allowed_mentions=only, nonce=f"prompt-{self._prompt.id}")
        await self._parts.store.prompts.set_message(
            self._prompt.id, self._prompt.channel_id, str(sent.id), delivered=True
        )
        await _allowed(self._message.delete())
        return True

    @property
    def _expired(self) -> bool:
        """By our own clock; where Discord's is ahead, it says so itself."""
        if self._interaction:
            return time.monotonic() - self._began > RUNS_OUT.total_seconds()
        return datetime.now(UTC) - self._prompt.created_at > RUNS_OUT

    @property
    def _limit(self) -> int:
        return self._interaction.filesize_limit if self._interaction else USUAL_LIMIT

    @property
    def _channel(self) -> discord.PartialMessageable:
        return self.client.get_partial_messageable(int(self._prompt.channel_id))

    @property
    def _message(self) -> discord.PartialMessage:
        return self._channel.get_partial_message(int(self._prompt.message_id))


async def _allowed(act: Awaitable[T]) -> T | None:
    """What `act` gives; None where Discord does not let the bot do it, or not any more."""
    try:
        return await act
    except discord.DiscordServerError:
        raise
    except discord.HTTPException as error:
        if error.status in (401, 403, 404):  # 401: the interaction has run out
            log.info("Discord refused: %s", error)
            return None
        raise
