"""Outages and their ends are published on every unfinished prompt."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.composing.outages import publish_outages
from bot.core.subscriptions import PromptBroadcaster
from bot.core.values import Progress, State, StoredPrompt
from bot.discord.messages.wording import status
from bot.web.serializers import progress_json
from model.prompt import parse_prompt


@dataclass
class Source:
    outage: str = ""


def prompt(number: int, state: State = State.QUEUED) -> StoredPrompt:
    return StoredPrompt(number, 1, "Ann", 1, parse_prompt("D"), 1, state, 1, datetime.now(UTC))


async def test_an_outage_is_published_on_every_unfinished_prompt_until_it_ends() -> None:
    broadcaster, store, worker = PromptBroadcaster(), Source(), Source()
    updates = broadcaster.subscribe()
    for number in (1, 2):
        broadcaster.publish(Progress(prompt(number), ahead=number))
    publishing = asyncio.create_task(publish_outages(broadcaster, store, worker, every=0.01))
    worker.outage = "no composer is there"
    async with asyncio.timeout(120):
        published: list[tuple[int, int, str]] = []
        while len(published) < 2:
            progress = await anext(updates)
            if progress.note:
                published.append((progress.prompt.id, progress.ahead, progress.note))
        assert sorted(published) == [(1, 1, "no composer is there"), (2, 2, "no composer is there")]
        broadcaster.publish(Progress(prompt(3)))
        progress = await anext(updates)
        assert progress.note == "no composer is there"
        assert progress_json(progress)["status"] == "no composer is there"
        assert status(progress).endswith("in D major: no composer is there")
        store.outage = "the database does not answer"
        assert {(await anext(updates)).note for _ in range(3)} == {"the database does not answer"}
        store.outage = worker.outage = ""
        assert [(await anext(updates)).note for _ in range(3)] == [""] * 3
        store.outage = "the database does not answer again"
        await anext(updates)
        broadcaster.publish(Progress(prompt(1, State.CANCELLED)))
        ended = next(p for p in [await anext(updates) for _ in range(3)] if p.prompt.id == 1)
        assert (ended.note, progress_json(ended)["status"]) == ("", "Cancelled.")
        assert broadcaster.unfinished.keys() == {2, 3}
    publishing.cancel()
