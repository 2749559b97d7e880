"""The retrain button and /model in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from bot.web import create_app, serve
from tests.bot.retraining.retrainers import RunningRetrainer, running_retrainer
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore, picture
from tests.bot.web.test_browser import ARGUMENTS, CHROMIUM, address

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[RunningRetrainer, Page]]:
    """The page over a retrainer that waits at its first stage until the file `go` is there; nothing complains."""
    complaints: list[str] = []
    mark = tmp_path / "mark"
    async with (
        running_retrainer(tmp_path / "data", "--do", "hang", "--once", str(mark)) as running,
        async_playwright() as playwright,
    ):

        async def chart(_losses: object) -> bytes:
            return picture()

        running.draws.chart = chart  # type: ignore[method-assign,assignment]
        store = FakeStore()  # whose server, the first one, has the same id as the retrainer's
        app = create_app(FakeComposer(store), FakeLibrary(store), running.retrainer)
        runner = await serve(app, "127.0.0.1", 0)
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        page = await browser.new_page(viewport={"width": 1200, "height": 800})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(address(runner))
        await expect(page.locator("#welcome")).to_be_visible()
        yield running, page
        await browser.close()
        await runner.cleanup()
    assert complaints == []


async def test_a_click_retrains_with_a_curve_and_it_can_be_cancelled(opened: tuple[RunningRetrainer, Page]) -> None:
    running, page = opened
    await page.locator("#retrain").click()
    status = page.locator("[data-retraining] .status .state")
    await expect(status).to_contain_text("Retraining 1: learning, 75%", timeout=20_000)
    await expect(page.locator(".curve")).to_be_visible()
    await expect(page.locator(".exchange")).to_have_count(1)
    await page.reload()
    await expect(status).to_contain_text("Retraining 1: learning, 75%")
    await page.locator("[data-retraining] .cancel").click()
    await expect(status).to_have_text("Retraining 1: cancelled, so nothing has changed")
    await page.locator("#retrain").click()  # the stand-in hangs but once
    await expect(status.last).to_contain_text("version 2 composes from the next prompt on", timeout=20_000)
    await expect(page.locator("[data-retraining]").last.locator(".said li")).to_have_count(2)
    assert await running.store.versions.current() == 2


async def test_the_commands_on_the_model_are_completed(opened: tuple[RunningRetrainer, Page]) -> None:
    _, page = opened
    options = page.locator("#suggestions [role=option]")
    await page.locator("#say").focus()
    await page.keyboard.type("/model r")
    await expect(options).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(page.locator("#say")).to_have_value("/model rollback ")
    await expect(options).to_have_count(1)
    await page.locator("#say").fill("/model status")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said li").first).to_have_text("Version 1 composes: shipped.")
