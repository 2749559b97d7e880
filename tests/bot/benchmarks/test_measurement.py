"""Figures of benchmarks."""

from bot.benchmarks.measurement import Measurement, at_least, at_most, percentile_99


def test_the_ratio_says_how_many_times_better_ours_is() -> None:
    found = [
        at_most("", 4, 2, "s"),
        at_most("", 2, 2, "s"),
        at_most("", 0, 0, "libraries"),
        at_most("", 1, 0, "libraries"),
        at_least("", 10, 5, "tunes/s"),
        Measurement("", 3, "s", baseline=9),
        Measurement("", 3, "s"),
    ]
    assert [each.to_json()["ratio"] for each in found] == [0.5, 1.0, 1.0, 0.0, 2.0, 3.0, None]
    assert [each.goal for each in found] == [1.0] * 5 + [None] * 2


def test_the_percentile_leaves_out_a_hundredth() -> None:
    assert percentile_99([1.0] * 98 + [2.0, 9.0]) == 2.0
    assert percentile_99([3.0]) == 3.0
    assert percentile_99([]) == 0.0
