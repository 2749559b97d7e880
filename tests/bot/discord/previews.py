"""Pictures of every kind of message, to look at: `python -m tests.bot.discord.previews FOLDER [KIND…]`.

Needs `pip install 'simcord[preview]'` and Chromium. Worker and renderer are the real ones.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright
from simcord.preview import _capture

from bot.render import Renderer
from tests.bot.discord.message_kinds import MESSAGE_KINDS, Save
from tests.bot.discord.simulated_server import SimulatedServer, simulated_server

CHROMIUM = "/usr/bin/chromium"
PAGE = (1100, 2400)  # pixels


def screenshots(server: SimulatedServer, folder: Path) -> Save:
    """Saves messages as pictures in a folder."""

    async def save(name: str, target: Any, member: Any = None, channel: Any = None) -> None:
        async with server.env.preview(
            channel or server.channel, viewers=[member or server.ann], width=PAGE[0], height=PAGE[1]
        ) as page:
            await page.screenshot(folder / f"{name}.png", target=target, allow_incomplete=True)
        print(name, flush=True)

    return save


async def main(folder: Path, names: Sequence[str]) -> None:
    async with Renderer(1) as renderer:
        for name in names or MESSAGE_KINDS:
            kind = MESSAGE_KINDS[name]
            with tempfile.TemporaryDirectory() as data:
                async with simulated_server(
                    Path(data),
                    kind.trainer,
                    timing=kind.timing,
                    charts=renderer,
                    real=renderer,
                    command=kind.worker,
                    at_once=1,
                ) as server:
                    await kind.produce(server, screenshots(server, folder))


async def _chromium(self: Any) -> Any:
    """Debian's, in place of one that Playwright would have to download."""
    if self._browser is None:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    return self._browser


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    setattr(_capture.ManagedCapture, "_ensure_browser", _chromium)  # noqa: B010
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
