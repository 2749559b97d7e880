"""Many members at once."""

from bot.benchmarks.members import MembersSize, endure, measure
from bot.core.config import Config


def test_members_who_ask_at_once_are_timed() -> None:
    found = {each.name.partition(": ")[2]: each.ours for each in measure(Config(), MembersSize(members=4))}
    assert 0 < found["wait, median"] <= found["wait, 99th percentile"]
    assert found["finished tunes"] > 0
    assert found["memory of all processes, peak"] > 200


def test_the_long_run_measures_memory_early_and_late() -> None:
    early, growth = endure(Config(), MembersSize(members=2, tunes=6))
    assert 200 < early.ours < 2000
    assert 0.8 < growth.ours < 1.5
