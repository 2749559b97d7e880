"""What keeps the bot from composing for members just now."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.errors import TunesmithError
from bot.workers.health import Health

ANSWER_WITHIN = 5.0  # seconds
_TUNE = "X:1\nM:4/4\nL:1/4\nK:C\nCDEF|\n"


class Database(Protocol):
    async def current(self) -> int | None: ...


class Renderer(Protocol):
    @property
    def living(self) -> int: ...

    async def render(self, abc: str, kinds: Sequence[str]) -> dict[str, bytes]: ...


@dataclass(frozen=True)
class Readiness:
    """Asks the parts of a bot. `workers` are those that live; `discord` whether it is connected, where it is to be."""

    versions: Database
    renderer: Renderer
    workers: Callable[[], Sequence[Health]]
    discord: Callable[[], bool] | None = None

    async def missing(self) -> dict[str, str]:
        """Part -> what is wrong with it, in a line; empty where the bot is ready."""
        database, renderer = await asyncio.gather(self._database(), self._renderer())
        found = {
            "database": database,
            "worker": "" if self.workers() else "no worker is there to compose",
            "renderer": renderer,
            "discord": "" if self.discord is None or self.discord() else "not connected to Discord",
        }
        return {part: problem for part, problem in found.items() if problem}

    async def _database(self) -> str:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self.versions.current()
        except (TunesmithError, TimeoutError) as error:
            return str(error) or "the database does not answer"
        return ""

    async def _renderer(self) -> str:
        """Where no process lives, one tune starts them again."""
        if self.renderer.living:
            return ""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self.renderer.render(_TUNE, ["mid"])
        except (TunesmithError, TimeoutError) as error:
            return str(error) or "the render processes are being started"
        return ""
