"""One Chromium for all tests of the page; each test has a member of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.web import create_app, serve
from tests.bot.web.fakes import FakeComposer, FakeLibrary
from tests.bot.web.static.browser import ARGUMENTS, CHROMIUM, address

OpenPage = Callable[[web.AppRunner], AbstractAsyncContextManager[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=60_000)  # for hangs: a busy machine takes more than the usual 5 s
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield browser
        await browser.close()


@pytest.fixture
def open_page(browser: Browser) -> OpenPage:
    """Opens the chat page of a server as a new member. Anything on the console fails the test."""

    @asynccontextmanager
    async def opened(runner: web.AppRunner) -> AsyncIterator[Page]:
        console: list[str] = []
        context = await browser.new_context(viewport={"width": 1200, "height": 800})
        page = await context.new_page()
        page.on("console", lambda message: console.append(message.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        await page.goto(address(runner))
        await expect(page.locator("#welcome")).to_be_visible()
        yield page
        await context.close()
        # a refused command is shown in the chat, and the browser logs its status
        assert [line for line in console if "Failed to load resource" not in line] == []

    return opened


@pytest_asyncio.fixture(loop_scope="session")
async def runner(composer: FakeComposer, library: FakeLibrary) -> AsyncIterator[web.AppRunner]:
    runner = await serve(create_app(composer, library), "127.0.0.1", 0)
    yield runner
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def page(open_page: OpenPage, runner: web.AppRunner) -> AsyncIterator[Page]:
    async with open_page(runner) as page:
        yield page
