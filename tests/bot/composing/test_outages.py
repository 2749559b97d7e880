"""Those who wait are told when something is away, and when it is back."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot.composing import outages
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


async def test_an_outage_is_told_to_all_who_wait_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "LOOK_EVERY", 0.01)
    listeners, store, worker = PromptBroadcaster(), Source(), Source()
    changes = listeners.join()
    for number in (1, 2):
        listeners.tell(Progress(prompt(number), ahead=number))
    telling = asyncio.create_task(publish_outages(listeners, store, worker))
    worker.outage = "no composer is there"
    async with asyncio.timeout(5):
        told: list[tuple[int, int, str]] = []
        while len(told) < 2:
            progress = await anext(changes)
            if progress.note:
                told.append((progress.prompt.id, progress.ahead, progress.note))
        assert sorted(told) == [(1, 1, "no composer is there"), (2, 2, "no composer is there")]
        listeners.tell(Progress(prompt(3)))
        progress = await anext(changes)
        assert progress.note == "no composer is there"
        assert progress_json(progress)["status"] == "no composer is there"
        assert status(progress).endswith("in D major: no composer is there")
        store.outage = "the database does not answer"
        assert {(await anext(changes)).note for _ in range(3)} == {"the database does not answer"}
        store.outage = worker.outage = ""
        assert [(await anext(changes)).note for _ in range(3)] == [""] * 3
        store.outage = "away again"
        await anext(changes)
        listeners.tell(Progress(prompt(1, State.CANCELLED)))
        ended = next(p for p in [await anext(changes) for _ in range(3)] if p.prompt.id == 1)
        assert (ended.note, progress_json(ended)["status"]) == ("", "Cancelled.")
        assert listeners.open.keys() == {2, 3}
    telling.cancel()
