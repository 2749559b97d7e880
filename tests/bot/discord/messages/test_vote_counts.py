"""The votes that a message shows are right in the end, however many click while it is edited."""

import asyncio
from types import SimpleNamespace
from typing import Any

from bot.core.values import Place, Votes
from bot.discord.messages.vote_counts import VoteCounts


class Click:
    """A click on a message; editing it takes until `go` is set."""

    def __init__(self, labels: list[str], go: asyncio.Event) -> None:
        self._done = False
        self.guild_id, self.user = 1, SimpleNamespace(id=2, name="ann", global_name=None)
        self.message = SimpleNamespace(id=1, components=())
        self.client = SimpleNamespace(deferrals=SimpleNamespace(defer=self._defer))
        self.response = SimpleNamespace(is_done=lambda: self._done, edit_message=self._edit)
        self.edit_original_response = self._edit
        self._labels, self._go = labels, go

    async def _defer(self, _: Any) -> None:
        self._done = True

    async def _edit(self, view: Any) -> None:
        await self._go.wait()
        self._labels.append(view.children[0].item.label)


async def test_clicks_during_an_edit_are_counted_in_the_next_one() -> None:
    stored = Votes(1)
    labels: list[str] = []

    async def tune(_: int, _place: Place) -> Any:
        return SimpleNamespace(votes=stored)

    go, library = asyncio.Event(), SimpleNamespace(tune=tune)
    counts = VoteCounts(library)  # type: ignore[arg-type]
    clicks: list[Any] = [Click(labels, go) for _ in range(9)]
    tasks = [asyncio.create_task(counts.show(click, 7, Votes(n))) for n, click in enumerate(clicks, 1)]
    await asyncio.sleep(0)
    stored = Votes(9)
    go.set()
    async with asyncio.timeout(120):
        await asyncio.gather(*tasks)
    assert labels == ["1", "9"]
