"""Reporting a tune, and removing it, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.library.reports import Reports
from bot.web import create_app, serve
from tests.bot.running_bot import new_prompt, running_bot
from tests.bot.web.static.browser import needs_browser, typed
from tests.bot.web.static.conftest import OpenPage

pytestmark = needs_browser


@pytest_asyncio.fixture(loop_scope="session")
async def page(tmp_path: Path, open_page: OpenPage) -> AsyncIterator[Page]:
    """The page over a bot that has composed two tunes meanwhile."""
    async with running_bot(tmp_path / "tunesmith.db") as bot:
        reports = Reports(bot.store, bot.composer.library)
        runner = await serve(create_app(bot.composer, bot.composer.library, reports=reports), "127.0.0.1", 0)
        async with open_page(runner) as page:
            for seed in (7, 8):
                await bot.finished(new_prompt(seed=seed))
            yield page
        await runner.cleanup()


async def test_a_button_begins_the_report_and_what_admins_do_shows_at_once(page: Page) -> None:
    titles = page.locator(".tune .title")
    await expect(titles).to_have_text(["Seed 7", "Seed 8"])
    await page.locator(".report").first.click()
    await expect(page.locator("#say")).to_have_value("/report id:1 subject:")
    await expect(page.locator("#suggestions [role=option]")).to_have_count(2)
    await page.keyboard.type("title")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await expect(page.locator(".aside").last).to_contain_text("the admins see it with /reports")
    await typed(page, "/moderate id:1 action:title")
    await page.keyboard.press("Enter")
    await expect(titles).to_have_text(["Tunesmith's Reel No. 7", "Seed 8"])
    await typed(page, "/moderate id:2 action:remove")
    await page.keyboard.press("Enter")
    await expect(titles).to_have_text(["Tunesmith's Reel No. 7"])
