import threading
import time
from collections.abc import Iterator

import pytest
import torch

from model.sampling.threads import LEAST_ROWS, run_on_threads, thread_count


def test_streams_go_on_side_by_side_with_a_core_each() -> None:
    threads, meeting = torch.get_num_threads(), threading.Barrier(2, timeout=120)
    seen: list[int] = []

    def stream(first: int) -> Iterator[int]:
        for number in range(first, first + 3):
            meeting.wait()  # one alone would wait for ever
            seen.append(torch.get_num_threads())
            yield number

    assert sorted(run_on_threads([stream(0), stream(10)])) == [0, 1, 2, 10, 11, 12]
    assert set(seen) == {1}
    assert torch.get_num_threads() == threads


def test_an_error_in_one_ends_them_all() -> None:
    def endless() -> Iterator[int | None]:
        while True:
            time.sleep(0.001)
            yield None

    def broken() -> Iterator[int]:
        yield 2
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        for _ in run_on_threads([endless(), broken()]):
            pass
    assert not [thread for thread in threading.enumerate() if thread.name == "run_on_threads"]


def test_who_stops_listening_stops_them() -> None:
    def endless() -> Iterator[int]:
        while True:
            time.sleep(0.001)
            yield 1

    before = threading.active_count()
    stream = run_on_threads([endless(), endless()])
    next(stream)
    assert threading.active_count() == before + 2
    stream.close()
    assert threading.active_count() == before


def test_few_rows_stay_together() -> None:
    assert [
        thread_count(rows, 4) for rows in (0, 1, LEAST_ROWS, 2 * LEAST_ROWS, 3 * LEAST_ROWS + 1, 100 * LEAST_ROWS)
    ] == [1, 1, 1, 2, 3, 4]
    assert thread_count(10_000, 1) == 1
