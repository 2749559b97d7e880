import asyncio
import random

import pytest
from sqlalchemy.exc import IntegrityError

from bot.core.errors import NotFound
from bot.core.values import Votes
from bot.store import Store
from tests.bot.store.samples import a_member, a_tune, rows


async def test_a_hundred_simultaneous_votes_are_counted_exactly(store: Store) -> None:
    tune = await a_tune(store)
    members = [(await a_member(store, f"m{i}"))[0] for i in range(100)]
    counts = await asyncio.gather(
        *(store.votes.cast(tune.id, member, 1 if i % 4 else -1) for i, member in enumerate(members))
    )
    assert len({(votes.up, votes.down) for votes in counts}) == 100, "each voter saw a count of its own"
    assert (await store.tunes.load(tune.id, members[0])).votes == Votes(75, 25, -1)  # type: ignore[union-attr]


async def test_a_member_who_clicks_twenty_times_at_once_has_one_vote(store: Store, location: str) -> None:
    tune = await a_tune(store)
    member, _ = await a_member(store, "bob")
    await asyncio.gather(*(store.votes.cast(tune.id, member, (-1) ** i) for i in range(20)))
    votes = await store.votes.cast(tune.id, member, 1)
    assert votes == Votes(1, 0, 1)
    assert await rows(location, "SELECT member_id, value FROM votes") == [(member, 1)]


async def test_a_vote_can_be_changed_and_withdrawn(store: Store) -> None:
    tune = await a_tune(store)
    member, _ = await a_member(store, "bob")
    assert await store.votes.cast(tune.id, member, 1) == Votes(1, 0, 1)
    assert await store.votes.cast(tune.id, member, -1) == Votes(0, 1, -1)
    assert await store.votes.cast(tune.id, member, 0) == Votes(0, 0, 0)
    assert await store.votes.cast(tune.id, member, 0) == Votes(0, 0, 0)


async def test_the_same_vote_again_keeps_its_time(store: Store, location: str) -> None:
    tune = await a_tune(store)

    async def updated() -> str:
        return str((await rows(location, "SELECT updated_at FROM votes"))[0][0])

    await store.votes.cast(tune.id, tune.member_id, 1)
    first = await updated()
    await store.votes.cast(tune.id, tune.member_id, 1)
    assert await updated() == first
    await store.votes.cast(tune.id, tune.member_id, -1)
    assert await updated() > first


async def test_each_viewer_sees_its_own_vote(store: Store) -> None:
    tune = await a_tune(store)
    bob, _ = await a_member(store, "bob")
    await store.votes.cast(tune.id, bob, -1)
    assert (await store.tunes.of_prompts([tune.prompt_id], bob))[0].votes == Votes(0, 1, -1)
    assert (await store.tunes.of_prompts([tune.prompt_id], tune.member_id))[0].votes == Votes(0, 1, 0)


@pytest.mark.parametrize("tune_id", [99, 0, -1, 2**31, 10**30])
async def test_a_vote_on_an_unknown_tune_is_not_found(store: Store, tune_id: int) -> None:
    member, _ = await a_member(store)
    with pytest.raises(NotFound, match="there is no tune"):
        await store.votes.cast(tune_id, member, 1)


async def test_a_vote_on_a_deleted_tune_is_not_found(store: Store) -> None:
    tune = await a_tune(store)
    await store.tunes.delete(tune.id)
    with pytest.raises(NotFound):
        await store.votes.cast(tune.id, tune.member_id, 1)


@pytest.mark.parametrize("value", [2, -2])
async def test_the_table_itself_refuses_other_values(store: Store, value: int) -> None:
    tune = await a_tune(store)
    with pytest.raises(IntegrityError, match="ck_votes_value"):
        await store.votes.cast(tune.id, tune.member_id, value)


async def test_the_table_itself_refuses_an_unknown_member(store: Store) -> None:
    tune = await a_tune(store)
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await store.votes.cast(tune.id, 99, 1)


async def test_two_processes_that_vote_at_once_wait_for_each_other(store: Store, location: str) -> None:
    tune = await a_tune(store)
    members = [(await a_member(store, f"m{i}"))[0] for i in range(20)]
    async with await Store.open(location) as other:  # a second pool knows nothing of the first's turns
        await asyncio.gather(
            *((store, other)[i % 2].votes.cast(tune.id, member, 1) for i, member in enumerate(members))
        )
        assert (await other.tunes.load(tune.id)).votes.up == 20  # type: ignore[union-attr]


async def test_cancelled_votes_neither_block_nor_break_the_next(store: Store) -> None:
    tune = await a_tune(store)
    members = [(await a_member(store, f"m{i}"))[0] for i in range(10)]
    for _ in range(8):
        tasks = [asyncio.create_task(store.votes.cast(tune.id, member, 1)) for member in members]
        for task in tasks:
            await asyncio.sleep(random.random() * 0.006)
            task.cancel()
    async with asyncio.timeout(120):
        await asyncio.gather(*store._database._running, return_exceptions=True)  # whose order a server may change
        await asyncio.gather(*(store.votes.cast(tune.id, member, -1) for member in members))
    assert (await store.tunes.load(tune.id)).votes == Votes(0, 10, 0)  # type: ignore[union-attr]


async def test_a_members_own_tunes_come_newest_first(store: Store) -> None:
    tunes = [await a_tune(store) for _ in range(4)]
    await store.tunes.delete(tunes[1].id)
    member = tunes[0].member_id
    assert [tune.id for tune in await store.tunes.of_member(member, limit=2)] == [tunes[3].id, tunes[2].id]
    assert [tune.id for tune in await store.tunes.of_member(member, before=tunes[2].id)] == [tunes[0].id]
    assert await store.tunes.of_member(999) == []
