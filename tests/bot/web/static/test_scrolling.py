"""What scrolls: the messages, never the page; and the newest tune is what an opened page shows."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.fakes import FakeComposer, FakeStore
from tests.bot.web.static.browser import address, needs_browser, typed

pytestmark = needs_browser

OTHER = Place("web", "local", "other", "Merry Piper")
SIZES = ((375, 667), (768, 1024), (1280, 800))
BELOW = (
    "() => { const log = document.querySelector('#log'); return log.scrollHeight - log.scrollTop - log.clientHeight }"
)
LOADED = (
    "() => { const one = [...document.querySelectorAll('.tune img')].at(-1); return one.complete && one.naturalWidth }"
)


@pytest.fixture
def history(store: FakeStore, composer: FakeComposer) -> None:
    """Twenty prompts, every third with four tunes, of all lengths."""
    for number in range(20):
        form = ("AABB:8", "AB:16", "AABBCC:16")[number % 3]
        prompt = store.add_prompt(OTHER, parse_prompt("D", "reel", form=form), 4 if number % 3 == 0 else 1)
        composer.advance(prompt.id, State.DONE)


@pytest_asyncio.fixture(loop_scope="session")
async def read(browser: Browser, runner: web.AppRunner, history: None) -> AsyncIterator[Page]:
    page = await browser.new_page(viewport={"width": 768, "height": 1024})
    await page.goto(address(runner))
    await expect(page.locator("[data-prompt]")).to_have_count(20)
    await page.wait_for_function(LOADED)
    yield page
    await page.close()


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_the_document_is_never_higher_than_the_window_and_opens_at_the_newest_tune(
    browser: Browser, runner: web.AppRunner, history: None, width: int, height: int
) -> None:
    page = await browser.new_page(viewport={"width": width, "height": height})
    await page.goto(address(runner))
    await expect(page.locator("[data-prompt]")).to_have_count(20)
    await page.wait_for_function(LOADED)
    await expect(page.locator(".tune").last.locator("audio")).to_be_in_viewport()
    assert await page.evaluate(BELOW) <= 2
    assert await page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("Space")
    await page.locator(".top").hover()
    await page.mouse.wheel(0, 600)
    await page.evaluate("scrollTo(0, 500)")
    assert await page.evaluate("scrollY + document.body.scrollTop") == 0
    await expect(page.locator("#say")).to_be_in_viewport()
    await page.close()


async def test_a_prompt_of_four_tunes_ends_in_sight(read: Page, composer: FakeComposer) -> None:
    await typed(read, "/compose key:G rhythm:jig form:AABBCC:16 count:4")
    await read.keyboard.press("Enter")
    await expect(read.locator("[data-prompt]")).to_have_count(21)
    composer.advance(21, State.DONE)
    await expect(read.locator("[data-prompt]").last.locator(".tune")).to_have_count(4)
    await read.wait_for_function(LOADED)
    assert await read.evaluate(BELOW) <= 2


async def test_what_is_read_stays_in_place_while_tunes_arrive(read: Page, composer: FakeComposer) -> None:
    middle = "document.querySelector('#log').scrollHeight / 2"
    await read.evaluate(f"document.querySelector('#log').scrollTop = {middle}")
    await expect(read.locator("#newest")).to_be_hidden()
    await composer.compose(OTHER, parse_prompt("A"))
    await expect(read.locator("#newest")).to_be_visible()
    assert await read.evaluate(BELOW) > 1000
    await read.locator("#newest").click()
    await expect(read.locator("[data-prompt]").last).to_be_in_viewport()


async def test_what_grows_below_is_followed(read: Page) -> None:
    """The browser tells of its own scrolling late, when more may have grown."""
    await read.evaluate(
        """() => {
            document.querySelector("#messages").lastElementChild.style.minHeight = "9000px";
            document.querySelector("#log").dispatchEvent(new Event("scroll"));
        }"""
    )
    await read.wait_for_function(BELOW.replace("return ", "return 2 >= "))


async def test_notation_keeps_its_place_before_it_is_there(
    browser: Browser, runner: web.AppRunner, history: None
) -> None:
    page = await browser.new_page()
    await page.route("**/*.svg?*", lambda route: route.abort())
    await page.goto(address(runner))
    await expect(page.locator(".tune img")).to_have_count(41)
    heights = await page.locator(".tune img").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(heights) > 250
    await page.close()
