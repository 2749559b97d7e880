"""Pictures of every kind of message, to look at: `python -m tests.bot.discord.previews FOLDER [SCENE…]`.

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
from tests.bot import running_bot
from tests.bot.discord import simulated_server as stages
from tests.bot.discord.message_kinds import SCENES, Save
from tests.bot.discord.simulated_server import Stage, stage

CHROMIUM = "/usr/bin/chromium"
PAGE = (1100, 2400)


def photographer(on: Stage, folder: Path) -> Save:
    async def save(name: str, target: Any, member: Any = None, channel: Any = None) -> None:
        async with on.env.preview(
            channel or on.channel, viewers=[member or on.ann], width=PAGE[0], height=PAGE[1]
        ) as page:
            await page.screenshot(folder / f"{name}.png", target=target, allow_incomplete=True)
        print(name, flush=True)

    return save


async def main(folder: Path, scenes: Sequence[str]) -> None:
    vars(running_bot)["STAND_IN"] = (sys.executable, "-m", "model", "worker")
    async with Renderer(1) as renderer:
        vars(stages)["Draws"] = lambda: renderer
        for scene, trainer in SCENES.items():
            if scenes and scene.__name__ not in scenes:
                continue
            with tempfile.TemporaryDirectory() as data:
                async with stage(Path(data), trainer, real=renderer, at_once=1) as on:
                    await scene(on, photographer(on, folder))


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
