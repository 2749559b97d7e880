"""Runs generators on threads, each of which computes on one core.

For large batches this is faster than all cores at each matrix product in turn, because what lies between the products
then runs on all cores too. Compiled functions and torch's operations release Python's lock meanwhile.
"""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from typing import TypeVar

import torch

LEAST_ROWS = 64  # for a thread of its own; with fewer, one thread is as fast

T = TypeVar("T")


def thread_count(rows: int, threads: int) -> int:
    """How many of `threads` threads to part `rows` rows among."""
    return max(1, min(threads, rows // LEAST_ROWS))


def run_on_threads(generators: Sequence[Iterator[T | None]]) -> Generator[T, None, None]:
    """The items of all `generators`, as they come. The first error ends them all; so does closing this generator.

    A generator that computes for long yields None now and then, which is dropped: it can only be ended at a yield.
    """
    if len(generators) == 1:
        yield from (item for item in generators[0] if item is not None)
        return
    threads, results = torch.get_num_threads(), queue.SimpleQueue[tuple[T] | BaseException | None]()
    stop, running = threading.Event(), list[threading.Thread]()

    def run(generator: Iterator[T | None]) -> None:
        torch.set_num_threads(1)  # of this thread, and of threads that are started later
        try:
            for item in generator:
                if stop.is_set():
                    break
                if item is not None:
                    results.put((item,))
            results.put(None)
        except BaseException as error:
            results.put(error)

    try:
        for generator in generators:
            running.append(threading.Thread(target=run, args=(generator,), name="run_on_threads", daemon=True))
            running[-1].start()
        ended = 0
        while ended < len(generators):
            match results.get():
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
