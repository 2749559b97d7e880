"""How long each prompt has waited for its turn, and a limit on that."""

import asyncio
import time
from collections.abc import Callable

from bot.core.values import StoredPrompt


class QueueTimeouts:
    """Calls `on_timeout` with each prompt that has waited for `timeout` seconds, by a clock that never jumps."""

    def __init__(self, timeout: float, on_timeout: Callable[[StoredPrompt], None]) -> None:
        self._timeout, self._on_timeout = timeout, on_timeout
        self._since: dict[int, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def begin(self, stored: StoredPrompt) -> None:
        self._since[stored.id] = time.monotonic()
        loop = asyncio.get_running_loop()
        self._timers[stored.id] = loop.call_later(self._timeout, self._on_timeout, stored)

    def end(self, prompt_id: int) -> float:
        """The seconds that a prompt waited."""
        if timer := self._timers.pop(prompt_id, None):
            timer.cancel()
        return time.monotonic() - self._since.pop(prompt_id, time.monotonic())

    def close(self) -> None:
        for prompt_id in list(self._timers):
            self.end(prompt_id)
