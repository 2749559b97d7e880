"""Telling those who wait how many are ahead of them."""

import asyncio

from bot.composing.queue import PromptQueue
from bot.core.subscriptions import Broadcaster
from bot.core.values import Progress

TELL_EVERY = 0.5  # seconds between two rounds
_TOLD_AT_ONCE = 50  # between these the event loop has a turn


async def publish_positions(queue: PromptQueue, listeners: Broadcaster[Progress], moved: asyncio.Event) -> None:
    """Whenever `moved` is set, but not all the time, tell each prompt's place where it has changed. Never returns."""
    told: dict[int, int] = {}
    while True:
        await moved.wait()
        moved.clear()
        places = {prompt.id: (ahead, prompt) for ahead, prompt in enumerate(queue.waiting())}
        for ahead, prompt in places.values():
            if told.get(prompt.id) != ahead and prompt.id in queue:  # not taken meanwhile
                listeners.tell(Progress(prompt, ahead))
            if ahead % _TOLD_AT_ONCE == _TOLD_AT_ONCE - 1:
                await asyncio.sleep(0)
        told = {prompt_id: ahead for prompt_id, (ahead, _) in places.items()}
        await asyncio.sleep(TELL_EVERY)
