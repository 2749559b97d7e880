"""Runs until the process is told to stop by SIGTERM or Ctrl-C."""

import asyncio
import logging
import signal
from collections.abc import Coroutine

log = logging.getLogger(__name__)


async def run_until_stopped(work: Coroutine[None, None, None], grace: float | None = None) -> None:
    """Run `work` to its end, and raise what it raises; a signal cancels it, also while it is still starting.

    After a signal it gets `grace` seconds to close, or any time; what has not closed by then is logged.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        print("stopping", flush=True)
        task.cancel()
        await asyncio.wait({task}, timeout=grace)
    if not task.done():
        log.error("something did not stop within %.0f s", grace)
    elif not task.cancelled():
        task.result()
