"""`python -m bot` on a loopback Discord: `python -m tests.bot.discord.process PORT`, with the stand-in worker.

Rendering takes as long as the file `slow` stands in the data directory.
"""

import asyncio
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import discord.gateway
import discord.http
import yarl

from bot import __main__, service
from bot.config import Config
from bot.workers.local import LocalWorker
from model.jobs import Event
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


def main(port: str) -> int:
    discord.http.Route.BASE = f"http://127.0.0.1:{port}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://127.0.0.1:{port}/gateway")
    stand_ins: dict[str, Any] = {"Renderer": Renderer, "local_worker": worker}
    for name, stand_in in stand_ins.items():
        setattr(service, name, stand_in)
    return __main__.main(["--verbose"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
