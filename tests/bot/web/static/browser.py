"""Chromium, and the page in it."""

import shutil

import pytest
from aiohttp import web
from playwright.async_api import Page

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking --disable-component-update"
    " --disable-sync --no-first-run"
)
needs_browser = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium"),
    pytest.mark.asyncio(loop_scope="session"),  # one browser for all tests: it takes seconds to start
]


def address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0]
    return f"http://{host}:{port}/"


async def typed(page: Page, text: str) -> None:
    await page.locator("#say").focus()
    await page.keyboard.type(text)
