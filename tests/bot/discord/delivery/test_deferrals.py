"""A crowd is promised its answers before any is worked on, over few connections."""

import asyncio
from typing import Any

import pytest

from bot.discord.delivery import deferrals
from bot.discord.delivery.deferrals import AT_ONCE, Deferrals


class Interaction:
    """Takes a moment to be deferred, and knows how many are at the same time."""

    now = most = 0

    def __init__(self, error: Exception | None = None) -> None:
        self.response, self._error = self, error
        self.promised: dict[str, bool] | None = None

    async def defer(self, **promise: bool) -> None:
        Interaction.now += 1
        Interaction.most = max(Interaction.most, Interaction.now)
        await asyncio.sleep(0.01)
        Interaction.now -= 1
        self.promised = promise
        if self._error:
            raise self._error


async def test_few_at_a_time_and_work_stands_back_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferrals, "PATIENCE", 20.0)
    some, crowd = Deferrals(), [Interaction() for _ in range(3 * AT_ONCE)]

    async def ask(one: Any) -> int:
        await some.make(one, thinking=True)
        await some.stand_back()
        return sum(each.promised is not None for each in crowd)

    promised = await asyncio.gather(*map(ask, crowd))
    assert promised == [len(crowd)] * len(crowd)
    assert Interaction.most == AT_ONCE
    assert all(each.promised == {"thinking": True} for each in crowd)


async def test_work_does_not_stand_back_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferrals, "PATIENCE", 0.02)
    some = Deferrals()
    slow: Any = Interaction()
    slow.defer = lambda: asyncio.sleep(60)
    making = asyncio.create_task(some.make(slow))
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await some.stand_back()
    assert not making.done()
    making.cancel()


async def test_a_promise_that_fails_holds_nobody_up() -> None:
    some = Deferrals()
    for _ in range(2 * AT_ONCE):
        with pytest.raises(OSError, match="gone"):
            await some.make(Interaction(OSError("gone")))  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        await some.stand_back()
        await some.make(Interaction())  # type: ignore[arg-type]
