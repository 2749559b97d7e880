"""The retrain button and /model in a real browser."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.web import create_app, serve
from tests.bot.retraining.retrainers import RunningRetrainer, running_retrainer
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore, picture
from tests.bot.web.static.browser import needs_browser, typed
from tests.bot.web.static.conftest import OpenPage

pytestmark = needs_browser


@pytest_asyncio.fixture(loop_scope="session")
async def opened(tmp_path: Path, open_page: OpenPage) -> AsyncIterator[tuple[RunningRetrainer, Page]]:
    """The page over a retrainer whose first training hangs after 75%."""
    mark = tmp_path / "mark"
    async with running_retrainer(tmp_path / "data", "--do", "hang", "--once", str(mark)) as running:

        async def chart(_losses: object) -> bytes:
            return picture()

        running.draws.chart = chart  # type: ignore[method-assign,assignment]
        store = FakeStore()  # whose first server has the same id as the retrainer's
        runner = await serve(create_app(FakeComposer(store), FakeLibrary(store), running.retrainer), "127.0.0.1", 0)
        async with open_page(runner) as page:
            yield running, page
        await runner.cleanup()


async def test_on_a_phone_the_header_is_one_line_beside_the_button(opened: tuple[RunningRetrainer, Page]) -> None:
    _, page = opened
    await page.set_viewport_size({"width": 375, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 375
    ends = await page.locator(".top > *:visible").evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    assert max(ends) <= 375
    library = await page.locator(".views a").bounding_box()
    assert library
    assert library["height"] < 50, "a word is not broken"


async def test_a_click_retrains_with_a_curve_and_it_can_be_cancelled(opened: tuple[RunningRetrainer, Page]) -> None:
    running, page = opened
    await expect(page.locator("#retrain")).to_have_attribute("title", "Learn from the votes")
    await page.locator("#retrain").click()
    status = page.locator("[data-retraining] .status .state")
    await expect(status).to_contain_text("Retraining 1: learning, 75%", timeout=60_000)
    await expect(page.locator(".curve")).to_be_visible()
    await expect(page.locator(".exchange")).to_have_count(1)
    await page.reload()
    await expect(status).to_contain_text("Retraining 1: learning, 75%")
    await page.locator("[data-retraining] .cancel").click()
    await expect(status).to_have_text("Retraining 1: cancelled, so nothing has changed")
    await page.locator("#retrain").click()  # the stand-in trainer hangs only once
    await expect(status.last).to_contain_text("version 2 composes from the next prompt on", timeout=60_000)
    await expect(page.locator("[data-retraining]").last.locator(".lines li")).to_have_count(2)
    assert await running.store.versions.current() == 2


async def test_the_commands_on_the_model_are_completed(opened: tuple[RunningRetrainer, Page]) -> None:
    _, page = opened
    options = page.locator("#suggestions [role=option]")
    await typed(page, "/model r")
    await expect(options).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(page.locator("#say")).to_have_value("/model rollback ")
    await expect(options).to_have_count(1)
    await page.locator("#say").fill("/model status")
    await page.keyboard.press("Enter")
    await expect(page.locator(".lines li").first).to_have_text("Version 1 composes: shipped.")


async def test_the_button_says_what_is_missing_before_it_is_pressed(tmp_path: Path, open_page: OpenPage) -> None:
    async with running_retrainer(tmp_path / "data", minimum_votes=1000) as running:
        store = FakeStore()
        runner = await serve(create_app(FakeComposer(store), FakeLibrary(store), running.retrainer), "127.0.0.1", 0)
        async with open_page(runner) as page:
            button = page.locator("#retrain")
            await expect(button).to_contain_text("of 1000 votes")
            await expect(button).to_have_attribute(
                "title", re.compile("to learn from, and a retraining needs at least")
            )
            await button.click()
            await expect(page.locator(".aside .state")).to_contain_text("a retraining needs at least 1000")
        await runner.cleanup()
