"""Work abreast: several streams, each on a thread of its own that computes on one core.

For large batches that is better than all cores at each product in turn, since what lies between the products is done on
all cores too. Compiled functions and torch's operations let other threads of Python run meanwhile.
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch

LEAST = 64  # rows for a thread of its own; of fewer, one thread is as fast

T = TypeVar("T")


def ways(rows: int, threads: int) -> int:
    """In how many parts `rows` rows are best worked on."""
    return max(1, min(threads, rows // LEAST))


def abreast(streams: Sequence[Iterator[T]]) -> Iterator[T]:
    """What `streams` give, as it comes. The first error ends them all; so does closing this iterator."""
    if len(streams) == 1:
        yield from streams[0]
        return
    threads, told = torch.get_num_threads(), queue.SimpleQueue[tuple[T] | BaseException | None]()
    stop = threading.Event()

    def go(stream: Iterator[T]) -> None:
        torch.set_num_threads(1)  # this thread's
        try:
            for item in stream:
                told.put((item,))
                if stop.is_set():
                    break
            told.put(None)
        except BaseException as error:
            told.put(error)

    running = [threading.Thread(target=go, args=(stream,), daemon=True) for stream in streams]
    for thread in running:
        thread.start()
    try:
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
        for thread in running:
            thread.join()
        torch.set_num_threads(threads)  # and not one, in threads to come
