"""axe-core on every view, light and dark."""

from importlib.resources import files
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.fakes import FakeComposer, FakeStore
from tests.bot.web.static.browser import address, needs_browser

pytestmark = needs_browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
OTHER = Place("web", "local", "other", "Merry Piper")


async def findings(page: Page) -> list[str]:
    """What axe-core finds, each as its rule and the elements."""
    await page.evaluate(AXE)  # through the debugger, which a page's policy does not bind
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"]
    return [f"{one['id']}: {[node['html'][:150] for node in one['nodes']][:4]}" for one in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_view_has_a_finding(
    browser: Browser, runner: web.AppRunner, composer: FakeComposer, store: FakeStore, scheme: str
) -> None:
    composer.advance(store.add_prompt(OTHER, parse_prompt("D", "reel")).id, State.DONE)
    await composer.vary(OTHER, store.tunes[1], "parts")
    composer.advance(2, State.DONE)
    store.add_prompt(OTHER, parse_prompt("D", "reel"))
    page = await browser.new_page(viewport={"width": 1000, "height": 800})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    found: dict[str, list[str]] = {}

    async def check(view: str) -> None:
        if problems := await findings(page):
            found[view] = problems

    await page.goto(address(runner))
    await expect(page.locator(".tune")).to_have_count(2)
    await page.locator("#say").fill("a sad jig in D")
    await page.keyboard.press("Enter")
    await expect(page.locator(".aside .example")).to_be_visible()
    await page.locator("#say").fill("/help")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await expect(page.locator(".help")).to_be_visible()
    await check("chat")
    await page.get_by_role("button", name="Ask with a form").click()
    await check("form")
    await page.keyboard.press("Escape")
    await page.locator("#say").fill("/compose ")
    await expect(page.locator("#suggestions [role=option]").first).to_be_visible()
    await check("completion")
    for path, ready in (("tune/2", ".notation > svg"), ("library", ".piano button"), ("tune/99", "h1")):
        await page.goto(f"{address(runner)}{path}")
        await expect(page.locator(ready).first).to_be_visible()
        await check(path)
    await page.close()
    assert found == {}
