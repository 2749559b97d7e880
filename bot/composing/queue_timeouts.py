"""How long each prompt has waited for its turn, and who may not wait longer."""

import asyncio
import time
from collections.abc import Callable

from bot.core.values import StoredPrompt


class QueueTimeouts:
    """Since when prompts wait, by a clock that never jumps, and what happens when one has waited too long."""

    def __init__(self, patience: float, too_long: Callable[[StoredPrompt], None]) -> None:
        self._patience, self._too_long = patience, too_long
        self._since: dict[int, float] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    def begin(self, stored: StoredPrompt) -> None:
        self._since[stored.id] = time.monotonic()
        loop = asyncio.get_running_loop()
        self._timers[stored.id] = loop.call_later(self._patience, self._too_long, stored)

    def end(self, prompt_id: int) -> float:
        """Seconds that it waited."""
        if timer := self._timers.pop(prompt_id, None):
            timer.cancel()
        return time.monotonic() - self._since.pop(prompt_id, time.monotonic())

    def close(self) -> None:
        for prompt_id in list(self._timers):
            self.end(prompt_id)
