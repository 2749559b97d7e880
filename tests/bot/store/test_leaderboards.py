import asyncio
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.values import Leader, Period, Votes
from bot.store import Store, leaderboards, votes
from bot.store.leaderboards import wilson
from tests.bot.store.samples import a_member, a_prompt, a_tune, new_tunes, rows

THURSDAY = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> "Clock":
    clock = Clock()
    for module in (leaderboards, votes):
        monkeypatch.setattr(module, "now", lambda: clock.time)
    return clock


class Clock:
    time = THURSDAY

    def go(self, days: int) -> None:
        self.time += timedelta(days=days)


def test_wilson_as_published() -> None:
    # the lower bounds of Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3
    published = {(81, 182): 0.2553, (15, 133): 0.0624, (1, 28): 0.0061, (0, 20): 0.0}
    assert {counts: round(wilson(*counts), 4) for counts in published} == published


@given(up=st.integers(0, 10_000), down=st.integers(0, 10_000))
def test_a_vote_up_is_always_good_and_one_down_never(up: int, down: int) -> None:
    assert 0 <= wilson(up, down) < 1
    assert wilson(up + 1, down) > wilson(up, down) >= wilson(up, down + 1)


@pytest.mark.parametrize(
    ("period", "first"),
    [(Period.DAY, 1), (Period.WEEK, 28), (Period.MONTH, 1)],
)
def test_periods_begin(period: Period, first: int) -> None:
    assert period.began(THURSDAY) == date(2026, 9 if first == 28 else 10, first)
    assert Period.ALL.began(THURSDAY) is None


async def cast(store: Store, tune_id: int, *values: int) -> None:
    for number, value in enumerate(values):
        await store.votes.cast(tune_id, (await a_member(store, f"m{number}"))[0], value)


async def board(store: Store, period: Period = Period.ALL, rhythm: str | None = None) -> list[tuple[int, int, int]]:
    _, server = await a_member(store)
    return [(leader.tune.id, leader.up, leader.down) for leader in await store.tunes.top(server, 0, period, rhythm)]


@pytest.mark.parametrize("period", list(Period))
async def test_one_vote_does_not_win(store: Store, period: Period) -> None:
    once, often, never, disliked, mixed = [(await a_tune(store)).id for _ in range(5)]
    await cast(store, once, 1)
    await cast(store, often, *[1] * 9, -1)
    await cast(store, disliked, -1)
    await cast(store, mixed, 1, 1, -1)
    assert await board(store, period) == [(often, 9, 1), (mixed, 2, 1), (once, 1, 0)]
    assert await board(store, period, "reel") == await board(store, period)
    assert await board(store, period, "jig") == []
    assert never not in {tune for tune, _, _ in await board(store, period)}


async def test_the_newest_of_equals_leads_and_ends_with_the_limit(store: Store) -> None:
    ids = [(await a_tune(store)).id for _ in range(3)]
    for tune_id in ids:
        await cast(store, tune_id, 1)
    _, server = await a_member(store)
    for period in Period:
        assert [leader.tune.id for leader in await store.tunes.top(server, 0, period, limit=2)] == [ids[2], ids[1]]


async def test_each_server_has_its_own_board_and_each_viewer_their_vote(store: Store) -> None:
    tune = await a_tune(store)
    await store.votes.cast(tune.id, tune.member_id, 1)
    elsewhere = (await a_member(store, server="elsewhere"))[1]
    for period in Period:
        assert await store.tunes.top(elsewhere, 0, period) == []
        (leader,) = await store.tunes.top(tune.server_id, tune.member_id, period)
        assert leader == Leader(leader.tune, 1, 0)
        assert leader.tune.votes == Votes(1, 0, 1)


async def test_a_vote_counts_in_the_periods_in_which_it_was_cast(store: Store, clock: Clock) -> None:
    tune = (await a_tune(store)).id
    await cast(store, tune, 1, 1)
    clock.go(1)  # Friday
    assert await board(store, Period.DAY) == []
    assert await board(store, Period.WEEK) == await board(store, Period.MONTH) == [(tune, 2, 0)]
    await cast(store, tune, 1, -1)  # the first is the same again, the second one changed
    assert await board(store, Period.DAY) == []
    assert await board(store, Period.WEEK) == [(tune, 1, 1)]
    clock.go(3)  # Monday
    await cast(store, tune, 0, 1, 1)
    assert await board(store, Period.DAY) == await board(store, Period.WEEK) == [(tune, 2, 0)]
    assert await board(store, Period.MONTH) == [(tune, 2, 0)]
    clock.go(40)
    assert await board(store, Period.MONTH) == []
    assert await board(store) == [(tune, 2, 0)]


async def test_a_deleted_tune_leads_no_board(store: Store) -> None:
    gone, left = [(await a_tune(store)).id for _ in range(2)]
    await cast(store, gone, 1, 1)
    await cast(store, left, 1)
    await store.tunes.delete(gone)
    for period in Period:
        assert await board(store, period) == [(left, 1, 0)]


async def test_past_periods_are_forgotten_little_by_little(store: Store, clock: Clock, location: str) -> None:
    prompt = await a_prompt(store)
    tunes = await store.prompts.finish(prompt.id, new_tunes(12))
    for tune in tunes:
        await cast(store, tune.id, 1)
    clock.go(60)
    for number in range(6):
        await cast(store, tunes[0].id, *[1] * (number + 1))
    left = await rows(location, "SELECT count(*) FROM standings")
    assert left == [(3,)], "36 old ones are gone, the three current ones stay"


async def test_boards_agree_with_the_votes_after_a_storm(store: Store, location: str) -> None:
    draw = random.Random(7)
    ids = [(await a_tune(store)).id for _ in range(5)]
    members = [(await a_member(store, f"m{i}"))[0] for i in range(12)]
    storm = [(draw.choice(ids), draw.choice(members), draw.choice((1, 1, -1, 0))) for _ in range(300)]
    await asyncio.gather(*(store.votes.cast(*vote) for vote in storm))
    counts = Counter(await rows(location, "SELECT tune_id, value FROM votes"))
    expected = {(tune, counts[tune, 1], counts[tune, -1]) for tune in ids if counts[tune, 1]}
    for period in Period:
        assert set(await board(store, period)) == expected


async def test_favourites_are_a_members_own_votes_up_the_latest_first(store: Store, clock: Clock) -> None:
    ids = [(await a_tune(store)).id for _ in range(5)]
    member, _ = await a_member(store, "bob")
    for tune_id, value in zip(ids, (1, 1, -1, 1, 1), strict=True):
        clock.go(1)
        await store.votes.cast(tune_id, member, value)
    await store.votes.cast(ids[1], tune_member := (await a_member(store, "eve"))[0], 1)
    await store.tunes.delete(ids[3])
    assert [tune.id for tune in await store.votes.favourites(member, 1)] == [ids[4], ids[1], ids[0]]
    assert [tune.id for tune in await store.votes.favourites(member, 1, limit=1)] == [ids[4]]
    assert [tune.votes.mine for tune in await store.votes.favourites(tune_member, 1)] == [1]
