"""`python -m bot` on a loopback Discord: `python -m tests.bot.discord.process PORT AUTHORITY [--stand-in] …`.

With `--stand-in`, the stand-in worker composes, and a stand-in renderer answers, unless the data directory has a file
called `slow`. Without it, everything but Discord is real. With `--lags FILE` the bot writes into a file, when it ends,
how late its event loop was at which times. Other options are those of `python -m bot`.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Collection, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from bot import __main__
from bot.app import bot
from bot.benchmarks.discord.connector import connector
from bot.commands import serve
from bot.core.config import Config
from bot.core.rendering import Playing
from bot.render import KINDS
from bot.workers.local.worker import LocalWorker
from model.worker.protocol import Event
from tests.bot.workers.local.stand_in import STAND_IN

TICK = 0.01  # seconds between two measurements of the event loop


class Renderer:
    """Gives each file as its kind, a thousand times; waits while `slow` exists."""

    restarts = 0

    def __init__(self, *_: object) -> None:
        self._slow = Path(Config().data_dir) / "slow"

    async def __aenter__(self) -> "Renderer":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def score(self, abc: str, narrow: bool = False, playing: Playing = Playing()) -> dict[str, bytes]:  # noqa: B008
        return {"svg": f"{abc} {narrow}".encode(), "times": b"{}"}

    async def render(
        self,
        abc: str,
        kinds: Collection[str] = KINDS,
        playing: Playing = Playing(),  # noqa: B008
    ) -> dict[str, bytes]:
        while self._slow.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return {kind: kind.encode() * 1000 for kind in kinds}


def worker(_config: Config, on_event: Callable[[Event], None] = lambda _: None) -> LocalWorker:
    return LocalWorker(command=STAND_IN, on_event=on_event)


async def measured(serve_: Callable[..., Coroutine[Any, Any, None]], lags: Path, *arguments: Any) -> None:
    """Serve, and write (time, lag) of the event loop in seconds as JSON."""
    late: list[tuple[float, float]] = []
    measuring = asyncio.create_task(measure(late))
    try:
        await serve_(*arguments)
    finally:
        measuring.cancel()
        lags.write_text(json.dumps(late))  # noqa: ASYNC240


async def measure(late: list[tuple[float, float]]) -> None:
    while True:
        began = time.monotonic()
        await asyncio.sleep(TICK)
        late.append((began, time.monotonic() - began - TICK))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("authority")
    parser.add_argument("--stand-in", action="store_true")
    parser.add_argument("--lags", type=Path)
    options, others = parser.parse_known_args()
    if options.stand_in:
        vars(bot).update(Renderer=Renderer, build_local_worker=worker)
    if options.lags:
        vars(serve)["_serve"] = partial(measured, serve._serve, options.lags)
    transport = partial(connector, options.port, options.authority)
    vars(serve)["run"] = partial(serve.run, connector=transport)
    return __main__.main(others)


if __name__ == "__main__":
    sys.exit(main())
