"""Two ways to ask, plain words, and finding tunes again, in a browser."""

from aiohttp import web
from playwright.async_api import Page, expect

from bot.core.values import Place, State
from model.prompt import parse_prompt
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore
from tests.bot.web.static.browser import address, needs_browser, typed

pytestmark = needs_browser

OTHER = Place("web", "local", "other", "Merry Piper")


async def test_the_form_says_the_same_as_the_command_line(page: Page, composer: FakeComposer) -> None:
    await page.get_by_role("button", name="Ask with a form").click()
    form = page.locator("#asker")
    await form.locator("[name=key]").select_option("Edor")
    await form.locator("[name=rhythm]").select_option("reel")
    await form.locator("[name=opening]").fill("EBBA B2EB|")
    await expect(form.locator("output")).to_have_text('/compose key:Edor rhythm:reel opening:"EBBA B2EB|"')
    await form.get_by_role("button", name="Edit as text").click()
    await expect(page.locator("#say")).to_have_value('/compose key:Edor rhythm:reel opening:"EBBA B2EB|"')
    await form.get_by_role("button", name="Compose").click()
    await expect(page.locator("[data-prompt]")).to_have_count(1)
    await expect(form).to_be_hidden()
    ((_, prompt, _),) = composer.composed
    assert (str(prompt.key), prompt.rhythm, prompt.opening) == ("Edor", "reel", "EBBA B2EB|")


async def test_plain_words_compose_and_what_is_unclear_is_one_click_away(page: Page, composer: FakeComposer) -> None:
    await typed(page, "a jig in D please")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-prompt]")).to_have_count(1)
    await page.locator("#say").fill("a sad waltz in G for my dog")
    await page.keyboard.press("Enter")
    await page.locator(".aside .example").click()
    await expect(page.locator("[data-prompt]")).to_have_count(2)
    assert [(str(prompt.key), prompt.rhythm) for _, prompt, _ in composer.composed] == [("D", "jig"), ("G", "waltz")]


async def test_tunes_are_found_by_typing_and_by_playing(
    page: Page, runner: web.AppRunner, store: FakeStore, composer: FakeComposer, library: FakeLibrary
) -> None:
    for key in ("D", "Edor", "G"):
        composer.advance(store.add_prompt(OTHER, parse_prompt(key, "reel")).id, State.DONE)
    await page.locator("#say").fill("/tune id:2")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Enter")
    await expect(page.locator(".aside .tune .title")).to_have_text("Biddy’s Lantern")
    await page.get_by_role("link", name="Library").click()
    await expect(page.locator(".results li")).to_have_count(2)
    await page.get_by_label("Title").fill("heron")
    await expect(page.locator(".results li")).to_have_count(1)
    await page.get_by_label("Title").fill("")
    for name in ("D", "F sharp", "A", "d"):
        await page.get_by_role("button", name=name, exact=True).click()
    await expect(page.get_by_label("Notes")).to_have_value("=D ^F =A =d")
    await page.locator(".found").first.click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert address(runner) in page.url
