"""Which prompt may begin beside those in work."""

from dataclasses import replace

from bot.composing.slots import MOST_ATTEMPTS, Slots
from tests.bot.composing.test_queue import prompt


def test_the_next_prompts_begin_when_half_of_those_in_work_have_ended() -> None:
    slots = Slots(at_once=4)
    assert [slots.has_room(prompt(1), running) for running in range(5)] == [True, True, True, True, False]
    assert [slots.has_room(prompt(1), running) for running in (4, 3, 2, 3, 4)] == [False, False, True, True, False]


def test_a_suspect_works_alone() -> None:
    slots, suspect = Slots(at_once=4), replace(prompt(1), attempts=MOST_ATTEMPTS - 1)
    assert not slots.has_room(suspect, running=1)
    assert slots.has_room(suspect, running=0)
    slots.begin(suspect)
    assert not slots.has_room(prompt(2), running=1)
    slots.begin(prompt(2))
    assert slots.has_room(prompt(3), running=1)


def test_one_slot_is_used_again_and_again() -> None:
    slots = Slots(at_once=1)
    for _ in range(3):
        assert (slots.has_room(prompt(1), 0), slots.has_room(prompt(1), 1), slots.mean) == (True, False, 1)
