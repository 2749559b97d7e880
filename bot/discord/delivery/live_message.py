"""A message that follows a prompt or a retraining: edited while that is under way, and once more with its end."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import Any, Generic, TypeVar

import discord
from tenacity import AsyncRetrying, RetryCallState, RetryError, retry_if_exception, stop_after_attempt, wait_chain
from tenacity.wait import wait_fixed

from bot.core.errors import StoreUnavailable
from bot.discord.delivery.timing import DeliveryTiming
from bot.discord.refusals import UNREACHABLE, is_passing, outcome_of

T = TypeVar("T")

log = logging.getLogger(__name__)


class LiveMessage(ABC, Generic[T]):
    """Edits one message after each `update`, with `interval` seconds between edits, and always to the newest state.

    `task` runs from construction until the end was delivered, or has to wait for the next start of the bot.
    """

    def __init__(self, first: T, subject: str, interval: float, timing: DeliveryTiming) -> None:
        """`subject` is what log lines call it: `prompt 7`."""
        self._latest = first
        self._subject, self._interval, self._timing = subject, interval, timing
        self._updated, self._ended = asyncio.Event(), asyncio.Event()
        self.task: asyncio.Task[None] = asyncio.create_task(self._run(), name=f"message of {subject}")

    def update(self, state: T) -> None:
        """Have the message show this state; after a final one nothing changes any more."""
        if self._ended.is_set():
            return
        self._latest = state
        self._updated.set()
        if self._is_final(state):
            self._ended.set()

    async def suspend(self) -> None:
        """Finish while the bot stops: an end that has come is delivered, else the message says that it comes later."""
        if self._ended.is_set():
            await asyncio.wait([self.task])
            return
        self.task.cancel()
        await self._attempt(self._edit_line(self._restart_notice()))

    @abstractmethod
    def _is_final(self, state: T) -> bool: ...

    @abstractmethod
    def _restart_notice(self) -> str: ...

    @abstractmethod
    async def _edit_line(self, line: str) -> None:
        """Make this line the content of the message."""

    @abstractmethod
    async def _show_progress(self) -> bool:
        """Show the newest state, which is not final, where the message does not show it; whether that took an edit."""

    @abstractmethod
    async def _claim_delivery(self) -> bool:
        """Whether this bot delivers the end: another one may have taken over while this one was away."""

    @abstractmethod
    async def _show_end(self) -> None:
        """Show the final state, and store that it was delivered. An error that `is_passing` has it tried again."""

    async def _run(self) -> None:
        while not self._ended.is_set():
            await self._updated.wait()
            self._updated.clear()
            if not self._ended.is_set() and await self._show_progress():
                await self._pause()
        try:
            await self._deliver()
        except Exception:
            log.exception("%s: its end was not delivered", self._subject)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._interval):
                await self._ended.wait()
        except TimeoutError:
            pass

    async def _deliver(self) -> None:
        if not await self._claim_delivery():
            return
        pauses = self._timing.retry_pauses
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: is_passing(error) or isinstance(error, StoreUnavailable)),
            wait=wait_chain(*map(wait_fixed, pauses)),
            stop=stop_after_attempt(len(pauses)),
            before_sleep=self._log_retry,
        )
        try:
            await retrying(self._show_end)
        except RetryError:
            log.warning("%s: its end is delivered at the next start", self._subject)

    async def _permitted(self, request: Awaitable[Any]) -> bool:
        """Whether Discord accepts a request; what may succeed later is raised."""
        try:
            await request
        except discord.HTTPException as error:
            if is_passing(error):
                raise
            log.info("%s: Discord refused, %s: %s", self._subject, outcome_of(error).value, error)
            return False
        return True

    async def _attempt(self, edit: Awaitable[Any]) -> None:
        """Make an edit that may fail, since the end is still to come."""
        try:
            await edit
        except (discord.HTTPException, *UNREACHABLE) as error:
            log.info("%s: its message could not be edited: %s", self._subject, error)

    def _log_retry(self, call: RetryCallState) -> None:
        error = call.outcome.exception() if call.outcome else None
        pause = call.next_action.sleep if call.next_action else 0.0
        log.info("%s: Discord cannot be reached (%s), next attempt in %g s", self._subject, error, pause)
