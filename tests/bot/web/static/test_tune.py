"""The page of a tune in a browser: notation that plays, and practising."""

import json
from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore, notation, sound
from tests.bot.web.static.browser import address, needs_browser

pytestmark = needs_browser

PLAYER = "document.querySelector('audio')"


@pytest_asyncio.fixture(loop_scope="session")
async def tune(
    browser: Browser, runner: web.AppRunner, store: FakeStore, composer: FakeComposer, library: FakeLibrary
) -> AsyncIterator[Page]:
    """The page of a tune of four bars, played twice, whose sound is ten seconds long."""
    library.media = {**library.media, "mp3": sound(10)}
    composer.advance(store.add_prompt(Place("web", "local", "x", "X"), parse_prompt("Edor", "reel")).id, State.DONE)
    context = await browser.new_context(viewport={"width": 1200, "height": 900})
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    await page.goto(f"{address(runner)}tune/1")
    await expect(page.locator(".notation > svg")).to_be_visible()
    await expect(page.locator(".practice")).to_be_visible()
    yield page
    await context.close()
    assert problems == []


async def test_the_sounding_note_is_marked_and_a_click_plays_from_a_note(tune: Page) -> None:
    await tune.evaluate(f"{PLAYER}.play()")
    await expect(tune.locator(".notation .sounding").first).to_be_visible()
    await tune.evaluate(f"{PLAYER}.pause()")
    await tune.locator(".notation .note").nth(8).click()  # of the second bar
    await tune.wait_for_function(f"() => !{PLAYER}.paused && {PLAYER}.currentTime >= 1.1")
    await tune.evaluate(f"{PLAYER}.pause()")
    at = await tune.evaluate(f"{PLAYER}.currentTime")
    marked = await tune.locator(".sounding").evaluate_all("all => all.map(one => Object.keys(one.dataset).join())")
    times = json.loads(notation()["times"])["notes"]
    near = {f"n{number}" for number, start, end in times if start - 0.05 <= at <= end + 0.05}
    assert marked
    assert set(marked) <= near


async def test_tempo_changes_without_pitch_and_a_loop_returns(tune: Page) -> None:
    await tune.locator("[name=speed]").fill("150")
    assert await tune.evaluate(f"[{PLAYER}.playbackRate, {PLAYER}.preservesPitch]") == [1.5, True]
    await tune.locator("[name=loop]").select_option("bars…")
    await tune.locator("[name=to]").fill("1")
    await tune.locator("[name=to]").press("Tab")
    await expect(tune.locator(".looped")).to_have_count(1)
    await tune.evaluate(f"{PLAYER}.currentTime = 1.1; {PLAYER}.play()")
    await tune.wait_for_function(f"() => {PLAYER}.currentTime < 0.9")
    assert not await tune.evaluate(f"{PLAYER}.paused")


async def test_another_instrument_goes_on_where_the_last_one_was(tune: Page) -> None:
    await tune.wait_for_function(f"() => {PLAYER}.duration > 5")
    await tune.evaluate(f"{PLAYER}.currentTime = 3")
    await tune.locator("[name=instrument]").select_option("flute")
    await tune.wait_for_function(f"() => {PLAYER}.src.includes('instrument=flute&band=yes')")
    await tune.wait_for_function(f"() => Math.abs({PLAYER}.currentTime - 3) < 0.1")


async def test_the_keyboard_plays_and_moves_by_bars(tune: Page) -> None:
    await tune.locator(".notation").focus()
    await tune.keyboard.press("ArrowRight")
    await tune.keyboard.press("ArrowRight")
    await tune.wait_for_function(f"() => Math.abs({PLAYER}.currentTime - 2.4) < 0.01")
    await tune.keyboard.press("Space")
    await tune.wait_for_function(f"() => !{PLAYER}.paused")


async def test_a_bar_is_counted_in(tune: Page) -> None:
    await tune.locator("[name=countin]").check()
    await tune.locator("[name=metronome]").check()
    await tune.evaluate(f"{PLAYER}.play()")
    await tune.wait_for_function(f"() => {PLAYER}.paused")
    await tune.wait_for_function(f"() => !{PLAYER}.paused && {PLAYER}.currentTime > 0")


async def test_votes_and_variations_begin_here_too(tune: Page) -> None:
    await tune.get_by_role("button", name="Vote up").click()
    await expect(tune.locator(".vote .count").first).to_have_text("1")
    await tune.get_by_role("button", name="Vary").click()
    await expect(tune.locator("[data-prompt]")).to_have_count(2)  # in the chat


async def test_one_tune_is_printed_on_one_page(tune: Page) -> None:
    assert (await tune.pdf(format="A4")).count(b"/Type /Page\n") == 1
    await tune.emulate_media(media="print")
    await expect(tune.get_by_role("heading", level=1)).to_be_visible()
    await expect(tune.locator("audio")).to_be_hidden()


async def test_nothing_goes_sideways_on_a_phone(browser: Browser, tune: Page) -> None:
    await tune.set_viewport_size({"width": 375, "height": 667})
    await tune.reload()
    await expect(tune.locator(".notation > svg")).to_be_visible()
    assert await tune.evaluate("document.documentElement.scrollWidth") <= 375
    assert await tune.locator(".notation .system").count() == 2  # two bars a line
