"""Delivers the answers to prompts and retrainings, also those that earlier runs left."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import discord

from bot.core.errors import StoreError
from bot.core.values import Message, Progress
from bot.discord.context import PLATFORM, Context
from bot.discord.delivery.prompt_message import PromptMessage
from bot.discord.delivery.retraining_message import RetrainingMessages
from bot.discord.delivery.timing import DeliveryTiming

log = logging.getLogger(__name__)

DEFAULT_TIMING = DeliveryTiming()


class Delivery:
    """Follows every prompt and retraining of this platform from its first message to its end.

    Subscribes to all updates on construction. Answers go out from `start` to `stop`, once a client has logged in.
    """

    def __init__(self, context: Context, timing: DeliveryTiming = DEFAULT_TIMING) -> None:
        self._context, self._timing = context, timing
        self._updates = context.composer.subscribe()
        self._retrainings = RetrainingMessages(context, timing)
        self._open: dict[int, PromptMessage] = {}  # by prompt
        self._expected: dict[str, discord.Interaction[Any]] = {}  # by message
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: discord.Client | None = None
        self._logged_in = asyncio.Event()

    def start(self) -> None:
        """Begin to answer, also what an earlier run left unanswered."""
        self._spawn(self._follow_prompts(), "answers to prompts")
        self._spawn(self._catch_up(), "answers left by earlier runs")
        self._spawn(self._follow_retrainings(), "messages of retrainings")

    def use_client(self, client: discord.Client) -> None:
        """Answer through this client, which has logged in, from now on."""
        self._client = client
        for message in self._open.values():
            message.client = client
        self._logged_in.set()

    @property
    def idle(self) -> bool:
        """Whether no message is being kept up to date."""
        return not self._open and self._retrainings.idle

    async def stop(self) -> None:
        """Deliver the ends that have come, have the other messages say that the bot restarts, and stop."""
        await asyncio.sleep(0)  # updates that were published just now still arrive
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._retrainings.stop()
        suspending = [asyncio.create_task(message.suspend()) for message in self._open.values()]
        if suspending:
            await asyncio.wait(suspending, timeout=self._timing.shutdown)
        tasks = [*suspending, *(message.task for message in self._open.values())]
        for late in tasks:
            late.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextmanager
    def expecting(self, message: Message, interaction: discord.Interaction[Any]) -> Iterator[None]:
        """A prompt that is queued inside is answered through this interaction for as long as Discord allows."""
        self._expected[message.message_id] = interaction
        try:
            yield
        except BaseException:
            self._expected.pop(message.message_id, None)
            raise

    async def _follow_prompts(self) -> None:
        await self._logged_in.wait()
        async for progress in self._updates:
            self._update(progress)

    async def _follow_retrainings(self) -> None:
        await self._logged_in.wait()
        await self._retrainings.follow(self._logged_in_client)

    def _logged_in_client(self) -> discord.Client:
        assert self._client, "wait for it first"
        return self._client

    def _update(self, progress: Progress) -> None:
        prompt = progress.prompt
        if not prompt.message_id or self._client is None:
            return  # a prompt of the chat page has no message
        message = self._open.get(prompt.id)
        if message is None:
            interaction = self._expected.pop(prompt.message_id, None)
            message = PromptMessage(self._context, self._client, prompt, interaction, self._timing)
            self._open[prompt.id] = message
            message.task.add_done_callback(lambda _: self._open.pop(prompt.id, None))
        message.update(progress)

    async def _catch_up(self) -> None:
        """Deliver what an earlier run left; on a shared database also, again and again, what bots that died left."""
        await self._logged_in.wait()
        pause, mine = self._context.config.store.lease / 3, True
        while True:
            try:
                await self._claim_undelivered(mine)
                mine = False
            except StoreError as error:
                log.warning("undelivered answers wait: %s", error)
                await asyncio.sleep(pause)  # after an outage all leases have expired: living bots renew theirs first
            if not (mine or self._context.config.shared):
                return
            await asyncio.sleep(pause)

    async def _claim_undelivered(self, mine: bool) -> None:
        for prompt in await self._context.store.prompts.claim_undelivered((PLATFORM,), mine):
            if prompt.id not in self._open:
                tunes = await self._context.store.tunes.of_prompts([prompt.id], prompt.member_id)
                self._update(Progress(prompt, tunes=tuple(tunes)))
        await self._retrainings.take_over(self._logged_in_client)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(_log_failure)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("%s ended", task.get_name(), exc_info=error)
