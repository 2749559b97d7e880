"""The completion list in a real browser, by keyboard and mouse."""

from playwright.async_api import Page, expect

from tests.bot.web.fakes import FakeComposer
from tests.bot.web.static.browser import needs_browser, typed

pytestmark = needs_browser


async def test_the_keyboard_completes_a_command(page: Page, composer: FakeComposer) -> None:
    say, options = page.locator("#say"), page.locator("#suggestions [role=option]")
    await page.keyboard.press("/")  # from anywhere
    await expect(say).to_be_focused()
    await expect(options.first).to_contain_text("/compose")
    await page.keyboard.press("Tab")
    await expect(say).to_have_value("/compose ")
    await expect(options.first).to_contain_text("key:")
    await page.keyboard.press("Enter")
    await typed(page, "e do")
    await expect(options).to_have_text(["Edor E dorian"])
    await expect(say).to_have_attribute("aria-activedescendant", "suggestion-0")
    await page.keyboard.press("Enter")
    await expect(say).to_have_value("/compose key:Edor ")
    await expect(options.first).to_contain_text("rhythm:")  # key is used up
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await typed(page, "hop")  # an alias
    await expect(options).to_contain_text(["slip jig"])
    await page.keyboard.press("Tab")
    await expect(say).to_have_value("/compose key:Edor rhythm:slip jig ")
    await page.keyboard.press("Escape")
    await expect(say).to_have_attribute("aria-expanded", "false")
    await page.keyboard.press("Enter")
    await expect(page.locator(".status")).to_contain_text("2nd in the queue…")
    assert [(str(prompt.key), prompt.rhythm) for _, prompt, _ in composer.composed] == [("Edor", "slip jig")]


async def test_the_list_follows_mouse_free_text_and_finished_values(page: Page) -> None:
    say, options = page.locator("#say"), page.locator("#suggestions [role=option]")
    await typed(page, "/compose key:D op")
    await options.first.click()
    await expect(say).to_have_value('/compose key:D opening:""')
    await expect(say).to_be_focused()
    await typed(page, "dBG temperature: rh")  # within the quotes nothing is offered
    await expect(options).to_have_count(0)
    await say.fill("")
    await typed(page, "/compose key:D temperature:0.85")
    await expect(page.locator("#suggest")).to_be_hidden()
    await say.fill("")
    await typed(page, "/compose seed:3 key:D f")
    await expect(options).to_contain_text(["form:"])
