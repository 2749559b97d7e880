"""Processes that the bot starts: what they find in their environment, and what they say on stderr."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bot.core.environment import without_secrets

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment(threads: int) -> dict[str, str]:
    """Ours, with the thread count that the process is given, and without the secrets."""
    return {**without_secrets(), **dict.fromkeys(_THREADS, str(threads))}


async def start(*command: str, **options: Any) -> asyncio.subprocess.Process:
    """As asyncio.create_subprocess_exec, which may forget a process that runs on if it is cancelled: this ends it."""
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


async def lines(stderr: asyncio.StreamReader, heard: Callable[[str], None]) -> None:
    """Pass on each line until the end; one beyond the reader's limit is dropped: unread, it would stop the process."""
    while True:
        try:
            line = await stderr.readline()
        except ValueError:
            continue
        if not line:
            return
        heard(line.decode(errors="replace").rstrip())
