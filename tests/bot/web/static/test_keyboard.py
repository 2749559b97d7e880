"""The keyboard's way through the page, and what comes out of a printer."""

import re
from itertools import pairwise

from playwright.async_api import Page, expect

from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.fakes import FakeComposer, FakeStore
from tests.bot.web.static.browser import needs_browser, typed

pytestmark = needs_browser

OTHER = Place("web", "local", "other", "Merry Piper")


def compose_some(store: FakeStore, composer: FakeComposer, count: int = 8) -> None:
    for _ in range(count):
        prompt = store.add_prompt(OTHER, parse_prompt("D", "reel"))
        composer.advance(prompt.id, State.DONE)


async def test_the_message_box_comes_before_the_tunes(page: Page, store: FakeStore, composer: FakeComposer) -> None:
    compose_some(store, composer)
    await expect(page.locator(".tune")).to_have_count(8)
    for _ in range(4):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id") == "say":
            return
    raise AssertionError("four stops, and not at the message box")


async def test_headings_go_down_one_level_at_a_time(page: Page, store: FakeStore, composer: FakeComposer) -> None:
    compose_some(store, composer, 1)
    await expect(page.locator(".tune")).to_have_count(1)
    await page.locator("#say").fill("/help")
    await page.keyboard.press("Enter")
    await expect(page.locator(".help")).to_be_visible()
    levels = await page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


async def test_arrows_recall_what_was_sent(page: Page) -> None:
    say = page.locator("#say")
    for text in ("/help", "/compose key:H"):
        await typed(page, text)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        await expect(page.locator(".aside .words").last).to_have_text(text)
    await expect(say).to_have_value("/compose key:H")  # given back, to be mended
    await say.fill("half a")
    for key, value in (
        *(("ArrowUp", "/compose key:H"), ("ArrowUp", "/help"), ("ArrowUp", "/help")),
        *(("ArrowDown", "/compose key:H"), ("ArrowDown", "half a"), ("ArrowDown", "half a")),
    ):
        await page.keyboard.press(key)
        await expect(say).to_have_value(value)
    await page.reload()
    await say.focus()
    await page.keyboard.press("ArrowUp")
    await expect(say).to_have_value("/compose key:H")


async def test_an_example_is_composed_at_a_click(page: Page, composer: FakeComposer) -> None:
    await page.locator(".welcome .example").first.click()
    await expect(page.locator("[data-prompt]")).to_have_count(1)
    assert str(composer.composed[0][1].key) == "Edor"


async def test_a_player_knows_how_long_its_tune_is_before_it_is_pressed(
    page: Page, store: FakeStore, composer: FakeComposer
) -> None:
    compose_some(store, composer, 1)
    await expect(page.locator("audio")).to_have_count(1)
    await page.wait_for_function("() => document.querySelector('audio').duration > 1")


async def test_a_title_stands_once_in_what_is_seen(page: Page, store: FakeStore, composer: FakeComposer) -> None:
    compose_some(store, composer, 1)
    await expect(page.get_by_role("heading", name="The Silver Heron")).to_be_visible()
    source = await page.locator(".sheet img").evaluate("image => fetch(image.currentSrc).then(one => one.text())")
    assert "<svg" in source
    assert "Silver Heron" not in source


async def test_printing_gives_the_tune_in_view_on_one_page(
    page: Page, store: FakeStore, composer: FakeComposer
) -> None:
    compose_some(store, composer)
    await expect(page.locator(".tune")).to_have_count(8)
    await page.locator(".tune").nth(2).scroll_into_view_if_needed()
    assert len(re.findall(rb"/Type\s*/Page\b", await page.pdf(format="A4"))) == 1
    await page.emulate_media(media="print")
    text = await page.evaluate("document.body.innerText")
    assert "The Road to Kilmaine" in text
    assert "Silver Heron" not in text
    assert "Send" not in text
