"""Claims on prompts: one bot has each, and others get a dead bot's once its lease has run out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.values import State
from bot.store import Store, lease, prompts, tables
from tests.bot.store.samples import a_member, a_prompt, new_tunes
from tests.engines import postgres

WEB = ["web"]
LEASE = 30.0  # seconds
AgeLeases = Callable[[float], Awaitable[object]]


@pytest.fixture
async def other(database: str) -> AsyncIterator[Store]:
    """Another bot's store on the same PostgreSQL database."""
    async with await Store.open(database, LEASE) as opened:
        yield opened


@pytest.fixture
async def here(database: str) -> AsyncIterator[Store]:
    async with await Store.open(database, LEASE) as opened:
        yield opened


@pytest.fixture
def age_leases(database: str) -> AgeLeases:
    """Brings the end of every lease nearer by so many seconds, as if they had passed."""
    earlier = "UPDATE prompts SET leased_until = leased_until - make_interval(secs => {})"
    return lambda seconds: postgres.run(database, earlier.format(seconds))


async def many(store: Store, count: int) -> list[int]:
    ids = await a_member(store)
    return [(await a_prompt(store, ids)).id for _ in range(count)]


async def test_the_bot_that_accepts_a_prompt_has_claimed_it(here: Store, other: Store) -> None:
    prompt = await a_prompt(here)
    assert await other.prompts.claim(WEB) == []
    assert await here.prompts.claim(WEB, own=False) == []
    assert await here.prompts.claim(WEB) == [prompt]
    assert await here.prompts.renew() == {prompt.id}
    assert await other.prompts.renew() == set()


async def test_each_unclaimed_prompt_is_claimed_by_one_of_ten_bots(database: str, here: Store) -> None:
    ids = await many(here, 200)
    await here.prompts.release()
    stores = [await Store.open(database) for _ in range(10)]

    async def work(store: Store) -> list[int]:
        mine: list[int] = []
        while taken := await store.prompts.claim(WEB, limit=7, own=False):
            mine += [prompt.id for prompt in taken]
        return mine

    taken = await asyncio.gather(*map(work, stores))
    assert sorted(prompt_id for mine in taken for prompt_id in mine) == ids
    assert sum(map(bool, taken)) > 1, "they shared the work"
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_dead_bots_prompts_are_claimed_once_its_lease_has_run_out(
    here: Store, other: Store, age_leases: AgeLeases
) -> None:
    waiting, working, done = await many(here, 3)
    await here.prompts.set_state(working, State.COMPOSING)
    await here.prompts.finish(done, new_tunes())
    assert await other.prompts.claim(WEB) == []
    await age_leases(LEASE)
    assert [prompt.id for prompt in await other.prompts.claim(WEB)] == [waiting, working]
    assert await here.prompts.renew() == set()
    assert not await here.prompts.set_state(working, State.RENDERING)
    assert not await here.prompts.set_state(working, State.FAILED, "too late")
    assert await other.prompts.set_state(working, State.COMPOSING)


async def test_a_bot_that_renews_keeps_its_prompts(here: Store, other: Store, age_leases: AgeLeases) -> None:
    (prompt_id,) = await many(here, 1)
    for _ in range(6):
        await age_leases(0.6 * LEASE)
        assert await here.prompts.renew() == {prompt_id}
        assert await other.prompts.claim(WEB) == []


async def test_undelivered_answers_stay_with_their_bot_as_long_as_it_renews(
    here: Store, other: Store, age_leases: AgeLeases
) -> None:
    ids = await a_member(here)
    done, shown, failed, open_ = [(await a_prompt(here, ids)).id for _ in range(4)]
    for prompt_id in (done, shown, failed, open_):
        await here.prompts.set_message(prompt_id, "10", str(prompt_id))
    for prompt_id in (done, shown):
        await here.prompts.finish(prompt_id, new_tunes())
    await here.prompts.set_state(failed, State.FAILED, "no")
    await here.prompts.mark_delivered(shown)
    for _ in range(4):
        await age_leases(0.6 * LEASE)
        assert await here.prompts.renew() == {open_}
        assert await other.prompts.claim_undelivered(WEB, own=False) == []
        assert not await other.prompts.claim_delivery(done)
    assert await here.prompts.claim_delivery(done)
    assert not await here.prompts.claim_delivery(shown)
    assert not await here.prompts.claim_delivery(open_)
    await age_leases(LEASE)
    assert await other.prompts.claim_undelivered(["discord"], own=False) == []
    assert [prompt.id for prompt in await other.prompts.claim_undelivered(WEB, own=False)] == [done, failed]
    assert await other.prompts.claim_undelivered(WEB, own=False) == [], "it has claimed them already"
    assert not await here.prompts.claim_delivery(done)
    await other.prompts.release()
    assert [prompt.id for prompt in await here.prompts.claim_undelivered(WEB)] == [done, failed]


async def test_tunes_that_two_bots_composed_are_stored_once(here: Store, other: Store, age_leases: AgeLeases) -> None:
    (prompt_id,) = await many(here, 1)
    await age_leases(LEASE)
    assert await other.prompts.claim(WEB)
    answers = await asyncio.gather(*(store.prompts.finish(prompt_id, new_tunes(2)) for store in (here, other) * 3))
    assert all(answer == answers[0] for answer in answers)
    assert len(await here.tunes.of_prompts([prompt_id])) == 2


async def test_any_bot_may_cancel(here: Store, other: Store) -> None:
    (prompt_id,) = await many(here, 1)
    assert await other.prompts.set_state(prompt_id, State.CANCELLED)
    assert await here.prompts.renew() == set()


async def test_a_clean_stop_releases_prompts_at_once(here: Store, other: Store) -> None:
    (prompt_id,) = await many(here, 1)
    await here.prompts.set_state(prompt_id, State.COMPOSING)
    await here.prompts.requeue([prompt_id])
    await here.prompts.release()
    (taken,) = await other.prompts.claim(WEB)
    assert (taken.id, taken.attempts, taken.state) == (prompt_id, 0, State.QUEUED)


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_bot_whose_clock_is_an_hour_off_does_no_harm(
    here: Store, other: Store, age_leases: AgeLeases, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    with monkeypatch.context() as clock:  # of this bot alone
        for module in (tables, prompts, lease):
            clock.setattr(module, "now", lambda: datetime.now(UTC) + timedelta(hours=hours))
        prompt_id, taken = await many(here, 2)
        assert await here.prompts.renew() == {prompt_id, taken}
        assert await here.prompts.set_state(taken, State.COMPOSING)
    assert await other.prompts.claim(WEB) == []
    await age_leases(LEASE)
    with monkeypatch.context() as clock:
        clock.setattr(lease, "now", lambda: datetime.now(UTC) + timedelta(hours=hours))
        assert [prompt.id for prompt in await other.prompts.claim(WEB, limit=1)] == [prompt_id]
    assert await here.prompts.renew() == {taken}, "no other bot has claimed it"
    assert [prompt.id for prompt in await other.prompts.claim(WEB)] == [prompt_id]


async def test_prompts_of_other_platforms_are_not_claimed(here: Store, other: Store) -> None:
    prompt = await a_prompt(here, await a_member(here, platform="discord"))
    await here.prompts.release()
    assert await other.prompts.claim(WEB) == []
    assert [taken.id for taken in await other.prompts.claim(["web", "discord"])] == [prompt.id]


async def test_the_one_bot_of_an_sqlite_file_claims_every_prompt(tmp_path: object) -> None:
    location = f"sqlite:///{tmp_path}/tunesmith.db"
    async with await Store.open(location) as before:
        left = await many(before, 2)
    async with await Store.open(location) as store:
        (new,) = await many(store, 1)
        assert [prompt.id for prompt in await store.prompts.claim(WEB, own=False)] == left, (
            "its lock ensures that no other bot lives"
        )
        assert [prompt.id for prompt in await store.prompts.claim(WEB)] == [*left, new]
        assert await store.prompts.renew() == {*left, new}
