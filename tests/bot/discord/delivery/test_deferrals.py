"""A crowd's interactions are deferred before any is worked on, over few connections."""

import asyncio
from typing import Any

import pytest

from bot.discord.delivery.deferrals import CONCURRENT, Deferrals


class Interaction:
    """Deferring it ends when `go` is set; counts how many are deferred at the same time."""

    now = most = 0

    def __init__(self, go: asyncio.Event, error: Exception | None = None) -> None:
        self.response, self._go, self._error = self, go, error
        self.deferred: dict[str, bool] | None = None

    async def defer(self, **options: bool) -> None:
        Interaction.now += 1
        Interaction.most = max(Interaction.most, Interaction.now)
        await self._go.wait()
        Interaction.now -= 1
        self.deferred = options
        if self._error:
            raise self._error


@pytest.fixture
def go() -> asyncio.Event:
    return asyncio.Event()


async def test_few_are_deferred_at_a_time_and_work_waits_for_all(go: asyncio.Event) -> None:
    deferrals, crowd = Deferrals(timeout=60.0), [Interaction(go) for _ in range(3 * CONCURRENT)]

    async def ask(one: Any) -> int:
        await deferrals.defer(one, thinking=True)
        await deferrals.wait_for_pending()
        return sum(each.deferred is not None for each in crowd)

    asking = asyncio.gather(*map(ask, crowd))
    await asyncio.sleep(0)
    assert Interaction.now == CONCURRENT
    go.set()
    assert await asking == [len(crowd)] * len(crowd)
    assert Interaction.most == CONCURRENT
    assert all(each.deferred == {"thinking": True} for each in crowd)


async def test_work_waits_no_longer_than_the_timeout(go: asyncio.Event) -> None:
    deferrals, slow = Deferrals(timeout=0.001), Interaction(go)
    deferring = asyncio.create_task(deferrals.defer(slow))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    async with asyncio.timeout(120):
        await deferrals.wait_for_pending()
    assert not deferring.done()
    go.set()
    await deferring


async def test_a_deferral_that_fails_holds_nobody_up(go: asyncio.Event) -> None:
    deferrals = Deferrals(timeout=60.0)
    go.set()
    for _ in range(2 * CONCURRENT):
        with pytest.raises(OSError, match="gone"):
            await deferrals.defer(Interaction(go, OSError("gone")))  # type: ignore[arg-type]
    async with asyncio.timeout(120):
        await deferrals.wait_for_pending()
        await deferrals.defer(Interaction(go))  # type: ignore[arg-type]
