"""The state machine of a message that follows something to its end."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from bot.discord.delivery.live_message import LiveMessage
from bot.discord.delivery.timing import DeliveryTiming

END = "end"
TIMING = DeliveryTiming(retry_pauses=(0.0,) * 3)


class Recording(LiveMessage[str]):
    """Shows each state by adding it to `edits`; the end only after as many failures as `unreachable` says."""

    def __init__(self, interval: float = 60.0, unreachable: int = 0, owner: bool = True) -> None:
        super().__init__("first", "test 1", interval, TIMING)
        self.edits: list[str] = []
        self.attempts, self.claims = 0, 0
        self._unreachable, self._owner = unreachable, owner

    def _is_final(self, state: str) -> bool:
        return state == END

    def _restart_notice(self) -> str:
        return "restarting"

    async def _edit_line(self, line: str) -> None:
        self.edits.append(line)

    async def _show_progress(self) -> bool:
        self.edits.append(self._latest)
        return True

    async def _claim_delivery(self) -> bool:
        self.claims += 1
        return self._owner

    async def _show_end(self) -> None:
        self.attempts += 1
        if self.attempts <= self._unreachable:
            raise TimeoutError
        self.edits.append(self._latest)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def finished(message: Recording) -> list[str]:
    async with asyncio.timeout(120):
        await message.task
    return message.edits


async def test_between_two_edits_only_the_newest_state_counts_and_the_end_does_not_wait() -> None:
    message = Recording(interval=60.0)
    message.update("one")
    await until(lambda: message.edits == ["one"])
    for state in ("two", "three", END):
        message.update(state)
    assert await finished(message) == ["one", END]


async def test_after_the_interval_the_newest_state_is_shown() -> None:
    message = Recording(interval=0.001)
    message.update("one")
    await until(lambda: message.edits == ["one"])
    message.update("two")
    message.update("three")
    await until(lambda: len(message.edits) == 2)
    message.update(END)
    assert await finished(message) == ["one", "three", END]


async def test_nothing_changes_after_the_end() -> None:
    message = Recording()
    message.update(END)
    message.update("late")
    assert await finished(message) == [END]


async def test_an_end_that_another_bot_delivers_is_not_shown() -> None:
    message = Recording(owner=False)
    message.update(END)
    assert await finished(message) == []


@pytest.mark.parametrize(("unreachable", "edits"), [(2, [END]), (3, [])])
async def test_the_end_is_tried_again_as_often_as_there_are_pauses(
    unreachable: int, edits: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    message = Recording(unreachable=unreachable)
    message.update(END)
    assert await finished(message) == edits
    assert (message.attempts, message.claims) == (3, 1)
    assert "test 1: Discord cannot be reached (), next attempt in 0 s" in caplog.text
    assert ("is delivered at the next start" in caplog.text) is not bool(edits)


async def test_an_unexpected_error_is_logged_with_its_subject(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Recording):
        async def _show_end(self) -> None:
            raise ZeroDivisionError

    message = Broken()
    message.update(END)
    assert await finished(message) == []
    assert "test 1: its end was not delivered" in caplog.text


async def test_suspending_announces_the_restart_but_lets_an_end_arrive() -> None:
    waiting, ending = Recording(), Recording()
    ending.update(END)
    await asyncio.gather(waiting.suspend(), ending.suspend())
    assert waiting.edits == ["restarting"]
    assert waiting.task.cancelling()
    assert ending.edits == [END]


async def test_an_edit_that_fails_on_the_way_does_not_stop_the_message(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Recording):
        async def _edit_line(self, line: str) -> None:
            raise TimeoutError

        async def _show_progress(self) -> bool:
            await self._attempt(self._edit_line(self._latest))
            return True

    caplog.set_level(logging.INFO)
    message = Failing()
    message.update("one")
    await until(lambda: "could not be edited" in caplog.text)
    message.update(END)
    assert await finished(message) == [END]
