from model.features.ngrams import LONGEST, ngrams
from tests.model.evaluation.samples import normalized


def test_neighbours_are_counted_up_to_the_longest() -> None:
    found = ngrams(normalized("C2E2 G2z2|C8|]"))
    assert found["interval 4 3"] == 1
    assert found["interval 4 3 rest"] == 1
    assert found["interval -7"] == 1  # over the rest and the bar line
    assert found["interval, length 4,24 3,24"] == 1
    assert found["degree, place 0@0 4@24"] == 1
    assert found["bar 24.24.24.-24 96"] == 1
    assert max(len(name.split()[1:]) for name in found if name.startswith("bar ")) <= LONGEST


def test_a_pickup_stands_at_the_end_of_its_bar() -> None:
    assert ngrams(normalized("|:G2|C8|D8|E8|C6:|"))["degree, place 7@72"] == 1


def test_where_a_tune_lies_does_not_matter() -> None:
    low, high = normalized("CDEF GABG|C8|]"), normalized("cdef gabg|c8|]")
    assert ngrams(low) == ngrams(high)
