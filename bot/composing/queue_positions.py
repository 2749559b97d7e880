"""Publishes queue positions."""

import asyncio

from bot.composing.queue import PromptQueue
from bot.core.subscriptions import PromptBroadcaster
from bot.core.values import Progress

EVERY = 0.5  # seconds
_BATCH = 50  # positions published before the event loop gets a turn


async def publish_positions(
    queue: PromptQueue, broadcaster: PromptBroadcaster, moved: asyncio.Event, every: float = EVERY
) -> None:
    """Publish the positions that changed whenever `moved` is set, at most every so many seconds. Never returns."""
    published: dict[int, int] = {}
    while True:
        await moved.wait()
        moved.clear()
        positions = {prompt.id: (ahead, prompt) for ahead, prompt in enumerate(queue.waiting())}
        for ahead, prompt in positions.values():
            if published.get(prompt.id) != ahead and prompt.id in queue:  # not taken meanwhile
                broadcaster.publish(Progress(prompt, ahead))
            if ahead % _BATCH == _BATCH - 1:
                await asyncio.sleep(0)
        published = {prompt_id: ahead for prompt_id, (ahead, _) in positions.items()}
        await asyncio.sleep(every)
