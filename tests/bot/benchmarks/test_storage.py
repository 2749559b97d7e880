"""Queries on a full store, here on a smaller one."""

from bot.benchmarks.storage import StoreSize, measure


def test_the_full_store_is_filled_and_queried() -> None:
    found = measure(StoreSize(tunes=1000, votes_each=3, favourites=5, favourite_votes=50, members=100, times=20))
    assert [each.name.rpartition(": ")[2] for each in found][:2] == ["/top, p99", "/top of a rhythm, p99"]
    assert all(each.name.startswith("store with 1,000 tunes and 3,235 votes") and each.ours > 0 for each in found)
