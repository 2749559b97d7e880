"""Which prompts are being answered, and in which messages; what an earlier run left undelivered is delivered."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import discord

from bot.core.errors import StoreError
from bot.core.values import Message, Progress
from bot.discord.context import PLATFORM, Context
from bot.discord.delivery.prompt_message import PromptMessage
from bot.discord.delivery.retraining_message import RetrainingMessages

log = logging.getLogger(__name__)

GOODBYE = 4.0  # seconds in which messages under way are finished when the bot stops


class Delivery:
    """Follows every prompt of this platform from its first message to its end.

    It hears of every change from the moment it is made; answers go out from `listen` to `stop`, as soon as there is a
    client that has logged in.
    """

    def __init__(self, parts: Context) -> None:
        self._parts = parts
        self._changes = parts.composer.subscribe()
        self._live = RetrainingMessages(parts)
        self._open: dict[int, PromptMessage] = {}  # by prompt
        self._expected: dict[str, discord.Interaction[Any]] = {}  # by message
        self._helpers: set[asyncio.Task[None]] = set()
        self._client: discord.Client | None = None
        self._logged_in = asyncio.Event()

    def listen(self) -> None:
        """Begin to answer, also what an earlier run left unanswered."""
        self._help(self._follow(), "delivery")
        self._help(self._catch_up(), "undelivered answers")
        self._help(self._follow_retrainings(), "retrainings")

    def answer_through(self, client: discord.Client) -> None:
        """Answer through this client, which has logged in; a later one takes the place of an earlier one."""
        self._client = client
        for conversation in self._open.values():
            conversation.client = client
        self._logged_in.set()

    async def stop(self) -> None:
        """Let answers under way arrive, tell those who wait that the bot will be back, and end."""
        await asyncio.sleep(0)  # what was done just now is still passed on
        for task in self._helpers:
            task.cancel()
        await asyncio.gather(*self._helpers, return_exceptions=True)
        await self._live.stop()
        goodbyes = [asyncio.create_task(each.part()) for each in self._open.values()]
        if goodbyes:
            await asyncio.wait(goodbyes, timeout=GOODBYE)
        tasks = [*goodbyes, *(each.task for each in self._open.values())]
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

    async def _follow(self) -> None:
        await self._logged_in.wait()
        async for progress in self._changes:
            self._pass_on(progress)

    async def _follow_retrainings(self) -> None:
        await self._logged_in.wait()
        await self._live.follow(self._logged_in_client)

    def _logged_in_client(self) -> discord.Client:
        assert self._client, "wait for it first"
        return self._client

    def _pass_on(self, progress: Progress) -> None:
        prompt = progress.prompt
        if not prompt.message_id or self._client is None:
            return  # the page's
        conversation = self._open.get(prompt.id)
        if conversation is None:
            interaction = self._expected.pop(prompt.message_id, None)
            conversation = self._open[prompt.id] = PromptMessage(self._parts, self._client, prompt, interaction)
            conversation.task.add_done_callback(lambda _: self._open.pop(prompt.id, None))
        conversation.tell(progress)

    async def _catch_up(self) -> None:
        """Deliver what an earlier run left; where bots share the database, also what those that are gone left since."""
        await self._logged_in.wait()
        pause, mine = self._parts.config.store.lease / 3, True
        while True:
            try:
                for prompt in await self._parts.store.prompts.claim_undelivered((PLATFORM,), mine):
                    if prompt.id not in self._open:
                        tunes = await self._parts.store.tunes.of_prompts([prompt.id], prompt.member_id)
                        self._pass_on(Progress(prompt, tunes=tuple(tunes)))
                await self._live.take_over(self._logged_in_client)
                mine = False
            except StoreError as error:
                log.warning("undelivered answers wait: %s", error)
                await asyncio.sleep(pause)  # after an outage every lease has run out: those who live may first say so
            if not (mine or self._parts.config.shared):
                return
            await asyncio.sleep(pause)

    def _help(self, work: Any, name: str) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work, name=name)
        self._helpers.add(task)
        task.add_done_callback(_log_failure)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.error("%s ended", task.get_name(), exc_info=error)
