"""Rate limits: who has to wait, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.composing.queue import PromptQueue
from bot.composing.rate_limits import PRUNE_AT, Limits, Rules
from bot.core.errors import Busy
from bot.core.values import Place
from bot.library.server_settings import Settings
from bot.store import Store
from tests.bot.composing.test_queue import prompt

HOME = Place("discord", "1", "7", "Ann")
ANN, BEN, SERVER, ELSEWHERE = 1, 2, 1, 2


class Clock:
    time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def ask(limits: Limits, member: int = ANN, server: int = SERVER, place: Place = HOME) -> Rules:
    rules = await limits.check(PromptQueue(limit=10, per_member=10), place, member, server)
    limits.begin_cooldowns(member, server, rules)
    return rules


async def test_a_member_has_to_wait_and_reads_until_when(clock: Clock) -> None:
    limits = Limits(member_cooldown=10.0, clock=clock)
    await ask(limits)
    clock.time += 2.5
    with pytest.raises(Busy, match="you asked a moment ago: ask again in 8 seconds") as busy:
        await ask(limits)
    assert busy.value.until
    assert busy.value.until.tzinfo
    assert abs(busy.value.until - datetime.now(UTC) - timedelta(seconds=8)) < timedelta(seconds=2)
    with pytest.raises(Busy):
        await ask(limits, server=ELSEWHERE)
    await ask(limits, member=BEN)
    clock.time += 7.5
    await ask(limits)


async def test_a_refused_prompt_begins_no_cooldown(clock: Clock) -> None:
    limits = Limits(member_cooldown=10.0, clock=clock)
    full = PromptQueue(limit=10, per_member=10, per_server=0)
    with pytest.raises(Busy, match="waiting here"):
        await limits.check(full, HOME, ANN, SERVER)
    await ask(limits)
    clock.time += 9
    for _ in range(5):
        with pytest.raises(Busy):
            await ask(limits)
    clock.time += 1
    await ask(limits)


async def test_a_cooldown_of_a_server_holds_for_all_its_members(clock: Clock) -> None:
    limits = Limits(server_cooldown=4.0, clock=clock)
    await ask(limits)
    with pytest.raises(Busy, match="someone here asked a moment ago: ask again in 4 seconds"):
        await ask(limits, member=BEN)
    await ask(limits, member=BEN, server=ELSEWHERE)


async def test_a_servers_settings_add_a_cooldown_for_its_own_members(store: Store, clock: Clock) -> None:
    settings = Settings(store)
    limits = Limits(settings, member_cooldown=2.0, clock=clock)
    await settings.change(HOME, cooldown=300, waiting=3)
    assert (await ask(limits)).waiting == 3
    clock.time += 3
    with pytest.raises(Busy, match="in 5 minutes"):
        await ask(limits)
    await ask(limits, server=ELSEWHERE, place=Place("discord", "2", "7", "Ann"))
    clock.time += 297
    await ask(limits)


async def test_a_server_may_allow_itself_a_smaller_share_of_the_queue(store: Store) -> None:
    settings = Settings(store)
    await settings.change(HOME, waiting=1)
    limits, queue = Limits(settings), PromptQueue(limit=10, per_member=10, per_server=5)
    queue.add(prompt(1, member=BEN, server=SERVER))
    with pytest.raises(Busy, match="one prompt is waiting here"):
        await limits.check(queue, HOME, ANN, SERVER)
    await limits.check(queue, Place("discord", "2", "7"), ANN, ELSEWHERE)


async def test_a_server_sets_a_cooldown_for_its_members_together(store: Store, clock: Clock) -> None:
    settings = Settings(store)
    limits = Limits(settings, clock=clock)
    await settings.change(HOME, server_cooldown=20)
    await ask(limits)
    with pytest.raises(Busy, match="someone here asked a moment ago: ask again in 20 seconds"):
        await ask(limits, member=BEN)
    await ask(limits, server=ELSEWHERE, place=Place("discord", "2", "7", "Ann"))
    clock.time += 20
    await ask(limits, member=BEN)


async def test_a_server_may_allow_each_member_fewer_waiting_prompts(store: Store) -> None:
    settings = Settings(store)
    await settings.change(HOME, member_waiting=1)
    limits, queue = Limits(settings), PromptQueue(limit=10, per_member=10, per_server=5)
    queue.add(prompt(1, member=ANN, server=SERVER))
    with pytest.raises(Busy, match="you have one prompt waiting already"):
        await limits.check(queue, HOME, ANN, SERVER)
    await limits.check(queue, HOME, BEN, SERVER)
    await limits.check(queue, Place("discord", "2", "7"), ANN, ELSEWHERE)


async def test_the_page_and_the_command_line_have_no_limits(clock: Clock) -> None:
    limits = Limits(member_cooldown=10.0, server_cooldown=10.0, clock=clock)
    for platform in ("web", "cli"):
        for _ in range(3):
            await ask(limits, place=Place(platform, "local", "ann"))


async def test_cooldowns_that_have_ended_are_dropped(clock: Clock) -> None:
    limits = Limits(member_cooldown=1.0, clock=clock)
    for member in range(3 * PRUNE_AT):
        clock.time += 0.5
        await ask(limits, member=member)
    assert len(limits._ends) <= PRUNE_AT
