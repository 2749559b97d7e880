"""Pictures of every kind of message, to look at: `python -m tests.bot.discord.previews FOLDER [SCENE…]`.

Needs `pip install 'simcord[preview]'` and Chromium. Worker and renderer are the real ones.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import discord
from playwright.async_api import async_playwright
from simcord.preview import _capture

from bot.render import Renderer
from tests.bot import parts
from tests.bot.discord.stage import Stage, custom_ids, stage

CHROMIUM = "/usr/bin/chromium"
PAGE = (1100, 2400)
Save = Callable[..., Awaitable[None]]  # a file's name, what to show, and to whom


async def answers(on: Stage, save: Save) -> None:
    """A member's way: waiting, a tune, several, one chosen of them, variations, and what is deleted."""
    on.bot.renderer.go.clear()
    waiting = [await on.ann.slash(on.channel, "compose", key="Edor", rhythm="reel") for _ in range(3)]
    await on.until(lambda: on.bot.renderer.rendered)
    await asyncio.sleep(3)
    for name, result in zip(("in-work", "next", "second"), waiting, strict=True):
        await save(name, result)
    on.bot.renderer.go.set()
    for result in waiting:
        await on.until(lambda result=result: on.shown(result.response.id))  # type: ignore[misc]
    await save("tune", on.shown(waiting[0].response.id))
    several = await on.composed(key="D", rhythm="jig", count=4, form="AB:4")
    await save("four", several)
    await on.ann.select(several, [str(await tune_of(on, 4))])
    await save("four-chosen", on.shown(several.id))
    two = await on.composed(key="Amix", count=2)
    await save("two", two)
    again = await on.ben.click(waiting[0].response, custom_id="tune:1:vary")
    await on.until(lambda: on.shown(again.response.id))
    await save("variation", on.shown(again.response.id))
    await save("abc", await on.ben.click(waiting[0].response, custom_id="tune:1:abc"), on.ben)
    await on.ann.click(waiting[1].response, custom_id="tune:2:delete")
    await save("deleted", on.message(waiting[1].response.id))


async def lists(on: Stage, save: Save) -> None:
    for rhythm, members in (("reel", (on.ann, on.ben)), ("jig", (on.ann,)), ("waltz", (on.ann, on.ben))):
        message = await on.composed(key="G", rhythm=rhythm, form="AB:4")
        for member in members:
            await member.click(message, custom_id=custom_ids(message)[0])
    await save("top", await on.ann.slash(on.channel, "top"))
    await save("mine", await on.ann.slash(on.channel, "mine"))
    await save("tunebook", await on.ann.slash(on.channel, "tunebook"))
    await save("tune-again", await on.ann.slash(on.channel, "tune", id=1))
    await save("help", await on.ann.slash(on.channel, "help"))


async def admins(on: Stage, save: Save) -> None:
    role = on.guild.create_role("managers", permissions=discord.Permissions(manage_guild=True))
    boss = on.guild.add_member(on.env.create_user("boss"), roles=[role])
    log = on.guild.create_text_channel("log")
    asked: dict[str, dict[str, Any]] = {
        "show": {},
        "log": {"channel": log},
        "defaults": {"rhythm": "jig", "temperature": 0.8},
        "admins": {"role": role},
        "limits": {"cooldown": 30, "waiting": 20},
        "history": {},
    }
    for name, options in asked.items():
        await save(f"settings-{name}", await boss.slash(on.channel, f"settings {name}", **options), boss)
    await save("settings-chosen", await boss.slash(on.channel, "settings show"), boss)


async def errors(on: Stage, save: Save) -> None:
    await save("error-key", await on.ann.slash(on.channel, "compose", key="H"))
    await save("error-form", await on.ann.slash(on.channel, "compose", key="D", form="ABBA"))
    refused = await on.ann.slash(on.channel, "compose", key="D", rhythm="reel", opening="DEFG ABcd|D9 D9|")
    await on.until(lambda: not on.message(refused.response.id).content.endswith("…"))  # type: ignore[union-attr]
    await save("error-opening", on.message(refused.response.id))
    await save("error-tune", (await on.ann.slash(on.channel, "tune", id=999)).followups[-1])
    await save("error-rhythm", await on.ann.slash(on.channel, "top", rhythm="tango"))
    lacking = discord.PermissionOverwrite(attach_files=False, embed_links=False)
    strict = on.guild.create_text_channel("strict", overwrites={on.guild.default_role: lacking})
    told = await on.ann.slash(strict, "compose", key="D")
    print("error-permissions:", told.response.content)


async def tune_of(on: Stage, prompt_id: int) -> int:
    return (await on.bot.store.tunes_of([prompt_id]))[2].id


def photographer(on: Stage, folder: Path) -> Save:
    async def save(name: str, target: Any, member: Any = None) -> None:
        async with on.env.preview(on.channel, viewers=[member or on.ann], width=PAGE[0], height=PAGE[1]) as page:
            await page.screenshot(folder / f"{name}.png", target=target, allow_incomplete=True)
        print(name, flush=True)

    return save


async def main(folder: Path, scenes: Sequence[str]) -> None:
    vars(parts)["STAND_IN"] = (sys.executable, "-m", "model", "worker")
    with tempfile.TemporaryDirectory() as data:
        async with Renderer(1) as renderer, stage(Path(data), real=renderer, at_once=1) as on:
            save = photographer(on, folder)
            for scene in (answers, lists, admins, errors):
                if not scenes or scene.__name__ in scenes:
                    await scene(on, save)


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
