"""Processes that the bot starts: their environment, and the lines of their stderr."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bot.core.environment import without_secrets

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment(threads: int) -> dict[str, str]:
    """This process' environment variables without secrets, with the number of threads for the new process."""
    return {**without_secrets(), **dict.fromkeys(_THREADS, str(threads))}


async def start(*command: str, **options: Any) -> asyncio.subprocess.Process:
    """As asyncio.create_subprocess_exec, but where that is cancelled the process is ended, not left running."""
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*command, **options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(OSError):  # it did not start
            process = await starting
            with suppress(ProcessLookupError):
                process.kill()
            if process.stdin:
                process.stdin.close()
            await process.communicate()  # to the end of its pipes, so that they are closed too
        raise


async def read_lines(stderr: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    """Call `on_line` with each line until the end; a line beyond the reader's limit is dropped.

    A process blocks when nobody reads its stderr.
    """
    while True:
        try:
            line = await stderr.readline()
        except ValueError:
            continue
        if not line:
            return
        on_line(line.decode(errors="replace").rstrip())
