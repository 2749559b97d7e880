"""The queue: in turns, bounded, and fair."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.composing.queue import PromptQueue
from bot.composing.throughput import Throughput
from bot.core.errors import Busy
from bot.core.values import State, StoredPrompt
from model.prompt import parse_prompt


def prompt(number: int, member: int = 1, server: int = 1) -> StoredPrompt:
    now = datetime.now(UTC)
    return StoredPrompt(number, member, "", server, parse_prompt("D", "jig", seed=1), 1, State.QUEUED, 1, now)


def taken(queue: PromptQueue) -> list[int]:
    """Everything that waits, in the order in which it is taken, which is the order that was promised."""
    promised = [waiting.id for waiting in queue.waiting()]
    order = []
    while (first := queue.first()) and (stored := queue.take()):
        assert first == stored
        order.append(stored.id)
        assert [waiting.id for waiting in queue.waiting()] == promised[len(order) :]
    assert len(queue) == 0
    return order


def test_one_members_prompts_come_in_order() -> None:
    queue = PromptQueue(10, 10)
    for number in (3, 1, 2):
        queue.add(prompt(number))
    assert taken(queue) == [3, 1, 2]
    assert queue.take() is None


def test_members_take_turns_and_so_do_servers() -> None:
    queue = PromptQueue(100, 100)
    for number in range(4):
        queue.add(prompt(number, member=1, server=1))
    queue.add(prompt(10, member=2, server=1))
    queue.add(prompt(20, member=3, server=2))
    queue.add(prompt(21, member=3, server=2))
    assert taken(queue) == [0, 20, 10, 21, 1, 2, 3]


def test_a_flood_from_one_member_leaves_a_newcomers_wait_unchanged() -> None:
    queue = PromptQueue(100, 100)
    for number in range(40):
        queue.add(prompt(number))
    queue.take()  # the flood is under way
    queue.add(prompt(100, member=2))
    queue.add(prompt(200, member=3, server=2))
    order = [waiting.id for waiting in queue.waiting()]
    assert order.index(100) <= 2
    assert order.index(200) <= 2
    assert taken(queue) == order


def test_who_had_a_turn_and_comes_back_does_not_pass_those_who_wait() -> None:
    queue = PromptQueue(100, 100)
    for member in (1, 2, 3):
        queue.add(prompt(member, member))
    queue.take()
    queue.add(prompt(4, member=1))
    assert taken(queue) == [2, 3, 4]


def test_what_is_removed_is_not_taken() -> None:
    queue = PromptQueue(10, 10)
    queue.add(prompt(1))
    assert 1 in queue
    assert (queue.remove(1), queue.remove(1), queue.take()) == (True, False, None)
    queue.add(prompt(2))
    assert taken(queue) == [2]


def test_a_member_may_hold_so_many_places_and_others_still_get_in() -> None:
    queue = PromptQueue(10, 2)
    for number in (1, 2):
        queue.check(1, 1)
        queue.add(prompt(number))
    with pytest.raises(Busy, match="you have 2 prompts waiting already: ask again in a minute"):
        queue.check(1, 1)
    queue.check(2, 1)
    queue.take()
    queue.check(1, 1)


def test_a_full_queue_refuses_everyone_with_an_estimate() -> None:
    pace = Throughput()
    queue = PromptQueue(40, 40, pace=pace)
    for number in range(40):
        queue.add(prompt(number, member=number))
    with pytest.raises(Busy, match=r"40 prompts are waiting, .*: ask again in a minute") as busy:
        queue.check(99, 1)
    assert busy.value.until
    assert timedelta(seconds=55) < busy.value.until - datetime.now(UTC) <= timedelta(seconds=60)
    pace.note(8.0, at_once=8)
    with pytest.raises(Busy, match="ask again in about 20 seconds"):
        queue.check(99, 1)
    pace.note(8 * 19.0, at_once=8)
    with pytest.raises(Busy, match="ask again in about 3 minutes"):
        queue.check(99, 1)


def test_a_full_server_leaves_the_others_their_room() -> None:
    queue = PromptQueue(40, 40, per_server=2)
    for number in (1, 2):
        queue.add(prompt(number, member=number))
    with pytest.raises(Busy, match="2 prompts are waiting here"):
        queue.check(3, 1)
    queue.check(3, 2)


def test_the_pace_is_that_of_the_last_prompts() -> None:
    pace = Throughput()
    assert pace.wait(0) is None
    for _ in range(1000):
        pace.note(1000.0, at_once=1)
    for _ in range(50):
        pace.note(8.0, at_once=4)
    assert (pace.wait(0), pace.wait(4)) == (2.0, 10.0)
