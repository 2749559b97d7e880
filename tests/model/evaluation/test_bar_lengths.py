from fractions import Fraction

import pytest

from model.evaluation.bar_lengths import uneven_bars


@pytest.mark.parametrize(
    ("lengths", "wrong"),
    [
        ([4, 4, 4, 4], ""),
        ([1, 4, 3, 1, 4, 3], ""),
        ([1, 4, 3, 1, 4, 3, 4, 4], "bar 6 as played"),
        ([1, 4, 4], "no last bar"),
        ([4, 3, 4], "bar 2 as played"),
        ([4, 4, 3], "bar 3 as played"),
        ([4, 5, 4], "bar 2 as played"),
        ([1], "no last bar"),
        ([], "no bars"),
    ],
)
def test_bars_add_up_or_not(lengths: list[int], wrong: str) -> None:
    reason = uneven_bars([Fraction(length, 4) for length in lengths], Fraction(1))
    assert wrong in reason
    assert bool(reason) == bool(wrong)
