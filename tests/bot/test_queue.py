"""The queue: in order, bounded, and fair."""

from datetime import UTC, datetime

import pytest

from bot.errors import Busy
from bot.queue import PromptQueue
from bot.values import State, StoredPrompt
from model.jobs import parse_prompt


def prompt(number: int, member: int = 1) -> StoredPrompt:
    now = datetime.now(UTC)
    return StoredPrompt(number, member, "", 1, parse_prompt("D", "jig", seed=1), 1, State.QUEUED, 1, now)


def test_first_come_first_served() -> None:
    queue = PromptQueue(10, 10)
    for number in (3, 1, 2):
        queue.add(prompt(number))
    assert [waiting.id for waiting in queue.waiting()] == [3, 1, 2]
    assert [taken.id for _ in range(3) if (taken := queue.take())] == [3, 1, 2]
    assert queue.take() is None


def test_what_is_removed_is_not_taken() -> None:
    queue = PromptQueue(10, 10)
    queue.add(prompt(1))
    assert (queue.remove(1), queue.remove(1), queue.take()) == (True, False, None)


def test_a_member_may_hold_so_many_places_and_others_still_get_in() -> None:
    queue = PromptQueue(10, 2)
    for number in (1, 2):
        queue.check(1)
        queue.add(prompt(number))
    with pytest.raises(Busy, match="you have 2 prompts waiting already"):
        queue.check(1)
    queue.check(2)
    queue.take()
    queue.check(1)


def test_a_full_queue_refuses_everyone() -> None:
    queue = PromptQueue(2, 2)
    for number in (1, 2):
        queue.add(prompt(number, member=number))
    with pytest.raises(Busy, match="2 prompts are waiting"):
        queue.check(3)
