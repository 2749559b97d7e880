"""How much each tune weighs in training, by the rule of model.retraining.vote_weights."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.retraining.protocol import Vote
from model.retraining.vote_weights import BURST, BURST_VOTES, HEAVIEST, NEW_ACCOUNT, NEW_COUNTS, SHARE, weights

DAY = 86_400.0


def votes(*values: int, tune: int = 1) -> list[Vote]:
    """One vote by each of as many members, an hour apart."""
    return [Vote(tune, member, value, 3600.0 * member) for member, value in enumerate(values)]


def test_a_tune_weighs_what_its_votes_add_up_to() -> None:
    assert weights([*votes(1, 1, -1, 1, 1, tune=1), *votes(-1, -1, 1, -1, 1, tune=2)]) == {1: 3.0, 2: -1.0}


def test_a_tie_is_left_out() -> None:
    assert weights(votes(1, -1)) == {}


def test_a_composers_own_vote_does_not_train() -> None:
    assert weights([Vote(1, 7, 1, 0.0, own=True)]) == {}


def test_nothing_weighs_more_than_the_heaviest() -> None:
    assert weights(votes(*[1] * 30)) == {1: HEAVIEST}
    assert weights(votes(*[-1] * 30)) == {1: -HEAVIEST}


def test_a_new_account_counts_little_until_it_is_a_week_old() -> None:
    old = [Vote(n, n, 1, 0.0) for n in range(10)]
    young = [Vote(20, 20, 1, NEW_ACCOUNT - 1, account_since=0.0), Vote(21, 21, 1, NEW_ACCOUNT, account_since=0.0)]
    found = weights([*old, *young])
    assert (found[20], found[21]) == (NEW_COUNTS, 1.0)


def test_a_burst_counts_as_a_few_votes() -> None:
    others = [Vote(1000 + n, 1 + n % 9, 1, DAY * n) for n in range(900)]  # so that no share is capped
    burst = [Vote(n, 0, 1, n * BURST / 100) for n in range(100)]
    found = weights([*others, *burst])
    assert sum(found[n] for n in range(100)) == pytest.approx(BURST_VOTES)
    slow = [Vote(n, 0, 1, n * BURST) for n in range(100)]
    assert sum(weights([*others, *slow])[n] for n in range(100)) == pytest.approx(100)


def test_ten_thousand_votes_of_one_member_are_a_fifth_of_all() -> None:
    busy = [Vote(n, 0, 1, n * BURST) for n in range(10_000)]
    others = [Vote(20_000 + n, 1 + n % 20, -1, DAY * n) for n in range(400)]
    found = weights([*busy, *others])
    mine, all_of_it = sum(found[n] for n in range(10_000)), sum(map(abs, found.values()))
    assert mine / all_of_it == pytest.approx(SHARE, rel=1e-3)


def test_few_members_share_equally() -> None:
    assert weights([Vote(1, 0, 1, 0.0)]) == {1: 1.0}
    found = weights([*(Vote(n, 0, 1, n * BURST) for n in range(30)), Vote(50, 1, 1, 0.0), Vote(51, 2, 1, 0.0)])
    assert sum(found[n] for n in range(30)) == pytest.approx(1.0, rel=1e-3)


@settings(max_examples=60, derandomize=True)
@given(
    st.lists(
        st.builds(
            Vote,
            tune=st.integers(0, 9),
            member=st.integers(0, 12),
            value=st.sampled_from([1, -1]),
            at=st.floats(0, 1e6),
            account_since=st.none() | st.floats(0, 1e6),
            own=st.booleans(),
        ),
        max_size=60,
    )
)
def test_the_order_of_votes_does_not_matter(cast: list[Vote]) -> None:
    assert weights(cast) == pytest.approx(weights(cast[::-1]))
    assert all(0 < abs(weight) <= HEAVIEST for weight in weights(cast).values())


def test_a_lone_members_own_votes_train() -> None:
    assert weights([Vote(1, 7, 1, 0.0, own=True), Vote(2, 7, -1, 0.0, own=True)], lone=True) == {1: 1.0, 2: -1.0}
