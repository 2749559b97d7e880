"""The queue: bounded, and fair to members and servers."""

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


def take_all(queue: PromptQueue) -> list[int]:
    """The waiting prompts in the order in which they are taken, which is the order of `waiting`."""
    expected = [waiting.id for waiting in queue.waiting()]
    order = []
    while (first := queue.first()) and (stored := queue.take()):
        assert first == stored
        order.append(stored.id)
        assert [waiting.id for waiting in queue.waiting()] == expected[len(order) :]
    assert len(queue) == 0
    return order


def test_prompts_of_one_member_are_taken_in_order() -> None:
    queue = PromptQueue(limit=10, per_member=10)
    for number in (3, 1, 2):
        queue.add(prompt(number))
    assert take_all(queue) == [3, 1, 2]
    assert queue.take() is None


def test_members_take_turns_and_so_do_servers() -> None:
    queue = PromptQueue(limit=100, per_member=100)
    for number in range(4):
        queue.add(prompt(number, member=1, server=1))
    queue.add(prompt(10, member=2, server=1))
    queue.add(prompt(20, member=3, server=2))
    queue.add(prompt(21, member=3, server=2))
    assert take_all(queue) == [0, 20, 10, 21, 1, 2, 3]


def test_a_flood_from_one_member_leaves_a_newcomers_wait_unchanged() -> None:
    queue = PromptQueue(limit=100, per_member=100)
    for number in range(40):
        queue.add(prompt(number))
    queue.take()  # the flood is under way
    queue.add(prompt(100, member=2))
    queue.add(prompt(200, member=3, server=2))
    order = [waiting.id for waiting in queue.waiting()]
    assert order.index(100) <= 2
    assert order.index(200) <= 2
    assert take_all(queue) == order


def test_a_member_who_had_a_turn_does_not_pass_members_who_wait() -> None:
    queue = PromptQueue(limit=100, per_member=100)
    for member in (1, 2, 3):
        queue.add(prompt(member, member))
    queue.take()
    queue.add(prompt(4, member=1))
    assert take_all(queue) == [2, 3, 4]


def test_a_removed_prompt_is_not_taken() -> None:
    queue = PromptQueue(limit=10, per_member=10)
    queue.add(prompt(1))
    assert 1 in queue
    assert (queue.remove(1), queue.remove(1), queue.take()) == (True, False, None)
    queue.add(prompt(2))
    assert take_all(queue) == [2]


def test_a_member_may_have_so_many_prompts_waiting_and_others_still_get_in() -> None:
    queue = PromptQueue(limit=10, per_member=2)
    for number in (1, 2):
        queue.check(1, 1)
        queue.add(prompt(number))
    with pytest.raises(Busy, match="you have 2 prompts waiting already: ask again in a minute"):
        queue.check(1, 1)
    queue.check(2, 1)
    queue.take()
    queue.check(1, 1)


def test_a_full_queue_refuses_everyone_with_an_estimate() -> None:
    throughput = Throughput()
    queue = PromptQueue(limit=40, per_member=40, throughput=throughput)
    for number in range(40):
        queue.add(prompt(number, member=number))
    with pytest.raises(Busy, match=r"40 prompts are waiting, .*: ask again in a minute") as busy:
        queue.check(99, 1)
    assert busy.value.until
    assert timedelta(seconds=55) < busy.value.until - datetime.now(UTC) <= timedelta(seconds=60)
    throughput.add(8.0, at_once=8)
    with pytest.raises(Busy, match="ask again in about 20 seconds"):
        queue.check(99, 1)
    throughput.add(8 * 19.0, at_once=8)
    with pytest.raises(Busy, match="ask again in about 3 minutes"):
        queue.check(99, 1)


def test_a_server_whose_share_is_full_leaves_room_to_the_others() -> None:
    queue = PromptQueue(limit=40, per_member=40, per_server=2)
    for number in (1, 2):
        queue.add(prompt(number, member=number))
    with pytest.raises(Busy, match="2 prompts are waiting here"):
        queue.check(3, 1)
    queue.check(3, 2)
