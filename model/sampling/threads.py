"""Work run_on_threads: several streams, each on a thread of its own that computes on one core.

For large batches that is better than all cores at each product in turn, since what lies between the products is done on
all cores too. Compiled functions and torch's operations let other threads of Python run meanwhile.
"""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from typing import TypeVar

import torch

LEAST = 64  # rows for a thread of its own; of fewer, one thread is as fast

T = TypeVar("T")


def ways(rows: int, threads: int) -> int:
    """In how many parts `rows` rows are best worked on."""
    return max(1, min(threads, rows // LEAST))


def run_on_threads(streams: Sequence[Iterator[T | None]]) -> Generator[T, None, None]:
    """What `streams` give, as it comes. The first error ends them all; so does closing this iterator.

    A stream that works for long gives None now and then, which goes no further: there it can be ended.
    """
    if len(streams) == 1:
        yield from (item for item in streams[0] if item is not None)
        return
    threads, told = torch.get_num_threads(), queue.SimpleQueue[tuple[T] | BaseException | None]()
    stop, running = threading.Event(), list[threading.Thread]()

    def go(stream: Iterator[T | None]) -> None:
        torch.set_num_threads(1)  # this thread's, and that of threads to come
        try:
            for item in stream:
                if stop.is_set():
                    break
                if item is not None:
                    told.put((item,))
            told.put(None)
        except BaseException as error:
            told.put(error)

    try:
        for stream in streams:
            running.append(threading.Thread(target=go, args=(stream,), name="run_on_threads", daemon=True))
            running[-1].start()
        ended = 0
        while ended < len(streams):
            match told.get():
                case None:
                    ended += 1
                case (item,):
                    yield item
                case BaseException() as error:
                    raise error
    finally:
        stop.set()
        torch.set_num_threads(threads)
        for thread in running:
            if thread.ident is not None:
                thread.join()
        torch.set_num_threads(threads)
