"""`python -m bot` on a loopback Discord: `python -m tests.bot.discord.process PORT AUTHORITY [--stand-in] …`.

With `--stand-in`, the stand-in worker composes, and tunes are rendered to nothing much, but not while the file `slow`
stands in the data directory. Without it, everything but Discord is real. Other options are those of `python -m bot`.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from bot import __main__, service
from bot.commands import serve
from bot.config import Config
from bot.workers.local import LocalWorker
from model.jobs import Event
from tests.bot.discord.connector import connector
from tests.bot.workers.test_local import STAND_IN


class Renderer:
    restarts = 0

    def __init__(self, *_: object) -> None:
        self._slow = Path(Config().data_dir) / "slow"

    async def __aenter__(self) -> "Renderer":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def render(self, abc: str, kinds: Collection[str] = ()) -> dict[str, bytes]:
        while self._slow.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return {kind: kind.encode() * 1000 for kind in kinds}


def worker(_config: Config, heard: Callable[[Event], None] = lambda _: None) -> LocalWorker:
    return LocalWorker(command=STAND_IN, heard=heard)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("authority")
    parser.add_argument("--stand-in", action="store_true")
    options, others = parser.parse_known_args()
    if options.stand_in:
        vars(service).update(Renderer=Renderer, local_worker=worker)
    line = partial(connector, options.port, options.authority)
    vars(serve)["run"] = partial(serve.run, connector=line)
    return __main__.main(others)


if __name__ == "__main__":
    sys.exit(main())
