"""The whole of it: `python -m bot` and a browser, from a typed line to a tune that is still there after a crash."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.bot.web.static.browser import ARGUMENTS, CHROMIUM
from tests.command_line import bot, free_port

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
PICTURES = os.environ.get("E2E_PICTURES")  # a folder for screenshots
TUNE = 240_000  # milliseconds that a tune may take on a machine that is busy with a training
PLAYABLE = """player => new Promise((resolve, reject) => {
    player.onloadedmetadata = () => resolve(player.duration);
    player.onerror = () => reject(new Error("the sound cannot be played"));
    player.preload = "metadata";
    player.load();
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS.split())
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, device_scale_factor=2)
    page = context.new_page()
    page.set_default_timeout(TUNE)
    yield page
    context.close()


def ask(page: Page, text: str) -> None:
    page.locator("#say").focus()
    page.keyboard.type(text)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")


def photograph(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"e2e-{name}.png")


def test_from_a_typed_line_to_a_tune_that_outlives_the_page(page: Page, tmp_path: Path) -> None:
    with bot(tmp_path / "data") as running:
        page.goto(running.address)
        ask(page, "/compose key:Edor temperature:0.9")
        card = page.locator(".tune").first
        expect(card).to_be_visible(timeout=TUNE)
        expect(card.locator(".facts")).to_contain_text("E dorian")
        expect(card.locator(".facts")).to_contain_text("temperature 0.9")
        picture, player = card.get_by_role("img"), card.locator("audio")
        expect(picture).to_have_js_property("complete", True, timeout=TUNE)
        assert picture.evaluate("picture => picture.naturalWidth") > 0
        assert player.evaluate(PLAYABLE) > 5
        up = card.get_by_role("button", name="Vote up")
        up.click()
        expect(up).to_have_attribute("aria-pressed", "true")
        photograph(page, "desktop")
        title = card.locator(".title").inner_text()
        with page.expect_response(lambda response: response.url.endswith("/events")):
            page.reload()
        expect(card.locator(".title")).to_have_text(title)
        expect(up).to_have_attribute("aria-pressed", "true")
        expect(up.locator(".count")).to_have_text("1")
        expect(picture).to_have_js_property("complete", True)
        photograph(page, "reloaded")
        card.get_by_role("button", name="Vary").click()
        cards = page.locator(".tune")
        expect(cards).to_have_count(2, timeout=TUNE)
        expect(cards.last.locator(".facts")).to_contain_text("E dorian")
        photograph(page, "varied")
        page.set_viewport_size({"width": 375, "height": 667})
        photograph(page, "phone-bottom")
        picture.first.scroll_into_view_if_needed()
        photograph(page, "phone")
        assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_prompt_that_waits_when_the_bot_is_killed_becomes_a_tune_after_the_next_start(
    page: Page, tmp_path: Path
) -> None:
    port = free_port()
    with bot(tmp_path / "data", port, TUNESMITH_QUEUE__AT_ONCE="1") as running:
        page.goto(running.address)
        for options in ("key:D count:3", "key:G"):
            ask(page, f"/compose {options}")
        expect(page.locator("[data-prompt]")).to_have_count(2)
        expect(page.locator(".status").last).to_contain_text("in the queue…")
        children = running.children()
        running.process.kill()
        running.process.wait()
        assert psutil.wait_procs(children, timeout=120)[1] == []  # they notice, and leave
        expect(page.locator("#offline")).to_be_visible()
        photograph(page, "killed")
    with bot(tmp_path / "data", port) as running:
        expect(page.locator("#offline")).to_be_hidden(timeout=TUNE)
        expect(page.locator(".tune")).to_have_count(4, timeout=TUNE)
        expect(page.locator("[data-prompt]")).to_have_count(2)
        facts = page.locator(".tune .facts").all_inner_texts()
        assert [text.split(" · ")[0] for text in facts] == [*["D major"] * 3, "G major"]
        photograph(page, "recovered")
        assert any(line.startswith("prompts of the last run that go on: ") for line in running.output)
