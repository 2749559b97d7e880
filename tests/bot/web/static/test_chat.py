"""The chat in a real browser: what a member sees, types and hears."""

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from bot.core.values import Place, State
from bot.web import create_app, serve
from model.prompt import parse_prompt
from model.sampling.opening import opening_tune
from model.worker.protocol import Known
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore
from tests.bot.web.static.browser import address, needs_browser, typed

pytestmark = needs_browser


async def test_bars_with_a_header_can_be_pasted_as_an_opening(page: Page, composer: FakeComposer) -> None:
    await typed(page, '/compose key:D rhythm:reel transpose:yes opening:""')
    await page.keyboard.press("ArrowLeft")
    pasted = [
        *("%abc-2.1", "X:1", "T:My [old] tune", "M:C|", "K:G", ""),
        *("DGBd gdBG| % up and down", "DGBd \\", "gdBG|", "", "From Bob, Galway"),
    ]
    await page.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            document.querySelector("#say").dispatchEvent(event);
        }""",
        "\n".join(pasted),
    )
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-prompt]")).to_have_count(1)
    ((_, prompt, _),) = composer.composed
    assert (prompt.transpose, prompt.opening) == (True, "[X:1] [T:My [old) tune] [M:C|] [K:G] DGBd gdBG| DGBd gdBG|")
    assert [note.pitch.midi for note in opening_tune(prompt).notes if note.pitch] == 2 * [
        57,
        62,
        66,
        69,
        74,
        69,
        66,
        62,
    ]


async def test_from_a_command_to_a_tune_with_votes_that_survive_a_reload(page: Page, composer: FakeComposer) -> None:
    await typed(page, "/compose key:Edor temperature:0.9 seed:7 rhythm:reel")
    await page.keyboard.press("Enter")
    status, card = page.locator(".status"), page.locator(".tune")
    await expect(page.locator(".asked .words")).to_have_text("/compose key:Edor rhythm:reel temperature:0.9 seed:7")
    await expect(status).to_contain_text("2nd in the queue…")
    composer.advance(1, State.COMPOSING)
    await expect(status).to_contain_text("composing…")
    composer.advance(1, State.RENDERING)
    await expect(status).to_contain_text("engraving…")
    composer.advance(1, State.DONE)
    await expect(card.locator(".title")).to_have_text("The Silver Heron")
    await expect(page.locator("#announcer")).to_contain_text("The Silver Heron")
    await expect(card.locator(".facts")).to_have_text(
        "E dorian · reel · 100 bpm · AABB:8 · temperature 0.9 · seed 7 · model v1"
    )
    known = "Nearest known tune: The Boys of Malin (Ryan's Mammoth Collection), 41% alike"
    await expect(card.locator(".known")).to_have_text(known)
    await expect(status).to_be_hidden()
    picture = card.get_by_role("img", name="Sheet music of The Silver Heron")
    await expect(picture).to_have_js_property("complete", True)
    assert await picture.evaluate("picture => picture.naturalWidth") > 0
    await card.locator("audio").evaluate("player => player.play()")
    await expect(card.locator("audio")).to_have_js_property("paused", False)
    up, down = card.get_by_role("button", name="Vote up"), card.get_by_role("button", name="Vote down")
    await up.click()
    await expect(up).to_have_attribute("aria-pressed", "true")
    await expect(up.locator(".count")).to_have_text("1")
    await down.click()
    await expect(up.locator(".count")).to_have_text("0")
    await down.click()
    await up.click()
    await expect(down.locator(".count")).to_have_text("0")
    await page.reload()
    await expect(up).to_have_attribute("aria-pressed", "true")
    await expect(up.locator(".count")).to_have_text("1")
    async with page.expect_download() as download:
        await card.get_by_role("link", name="as mid").click()
    assert (await download.value).suggested_filename == "The Silver Heron.mid"
    await card.get_by_role("button", name="Again").click()
    await expect(page.locator(".exchange")).to_have_count(2)
    await page.get_by_role("button", name="Cancel").click()
    composer.advance(2, State.CANCELLED)
    await expect(page.locator(".status").last).to_contain_text("Cancelled.")
    for name, kept in (("Vary", "the first part"), ("New endings", "all but the endings")):
        await card.get_by_role("button", name=name).click()
        command = page.locator(".asked .words").last
        await expect(command).to_have_text(f"Vary tune:The Silver Heron keep:{kept} seed:1007")


async def test_mistakes_are_answered_and_can_be_put_right(page: Page) -> None:
    for text, line in (("/compose key:H", "Unknown key"), ("hello", "by request"), ("/compose", "Which key")):
        await page.locator("#say").fill(text)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        await expect(page.locator(".aside").last).to_contain_text(line)
        await expect(page.locator("#announcer")).to_contain_text(line)
        await expect(page.locator("#say")).to_have_value(text)
    await page.locator("#say").fill("/compose key:D opening:" + "E" * 100_000)
    await page.keyboard.press("Enter")
    await expect(page.locator(".aside").last).to_contain_text("too long")
    await page.locator("#say").fill("/help")
    await page.keyboard.press("Enter")
    await expect(page.locator(".help")).to_contain_text("temperature:")
    await page.locator(".help .example").first.click()
    await expect(page.locator("[data-prompt] .asked .words")).to_contain_text("/compose key:Edor")


async def test_markup_in_names_and_titles_stays_text(page: Page, composer: FakeComposer, store: FakeStore) -> None:
    bad = "<img src=x onerror=alert(1)>"
    store.nearest = Known(bad, bad, 0.5)
    done = store.add_prompt(Place("web", "local", "other", bad), parse_prompt("G"))
    composer.advance(done.id, State.DONE)
    await expect(page.locator(".known")).to_contain_text(bad)
    prompt = store.add_prompt(Place("web", "local", "other", bad), parse_prompt("D", opening=bad))
    composer.advance(prompt.id, State.FAILED, error=bad)
    await expect(page.locator(".status .state").last).to_have_text(bad)
    await expect(page.locator(".asked .name").last).to_have_text(bad)
    await expect(page.locator("img[src=x]")).to_have_count(0)


async def test_the_page_finds_its_server_again_and_shows_everything_once(
    page: Page, runner: web.AppRunner, composer: FakeComposer, library: FakeLibrary
) -> None:
    await typed(page, "/compose key:D")
    await page.keyboard.press("Enter")
    await expect(page.locator(".exchange")).to_have_count(1)
    port = runner.addresses[0][1]
    await runner.cleanup()
    await expect(page.locator("#offline")).to_be_visible()
    await page.locator("#say").fill("/compose key:G")
    await page.keyboard.press("Enter")
    await expect(page.locator(".aside").last).to_contain_text("cannot be reached")
    composer.advance(1, State.DONE)
    await composer.compose(Place("web", "local", "other", "Merry Piper"), parse_prompt("A"))
    again = await serve(create_app(composer, library), "127.0.0.1", port)
    try:
        await expect(page.locator("#offline")).to_be_hidden(timeout=60_000)
        await expect(page.locator("[data-prompt]")).to_have_count(2)
        await expect(page.locator(".tune")).to_have_count(1)
    finally:
        await page.goto("about:blank")
        await again.cleanup()


async def test_earlier_tunes_come_on_request_in_order(
    browser: Browser, runner: web.AppRunner, composer: FakeComposer, store: FakeStore
) -> None:
    for _ in range(45):
        store.add_prompt(Place("web", "local", "other", "Merry Piper"), parse_prompt("D", "reel"))
    for number in range(1, 46):
        composer.advance(number, State.DONE if number == 45 else State.CANCELLED)
    page = await browser.new_page(viewport={"width": 800, "height": 600})
    await page.goto(address(runner))
    await expect(page.locator("[data-prompt]")).to_have_count(20)
    bottom = "() => { const log = document.querySelector('#log'); return log.scrollHeight - log.scrollTop; }"
    await expect(page.locator(".sheet img")).to_have_js_property("complete", True)
    assert await page.evaluate(bottom) < 620
    for count in (40, 45):
        await page.locator("#earlier").evaluate("button => button.click()")
        await expect(page.locator("[data-prompt]")).to_have_count(count)
    await expect(page.locator("#earlier")).to_be_hidden()
    ids = await page.locator("[data-prompt]").evaluate_all("nodes => nodes.map(node => Number(node.dataset.prompt))")
    assert ids == list(range(1, 46))
    await page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_shows_everything_without_sideways_scrolling(
    browser: Browser, runner: web.AppRunner, composer: FakeComposer, scheme: str
) -> None:
    place = Place("web", "local", "other", "A member with quite a long name")
    await composer.compose(place, parse_prompt("D", "slip jig", seed=1, opening="E" * 300), 2)
    composer.advance(1, State.DONE)
    page = await browser.new_page(viewport={"width": 375, "height": 667})
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    await page.goto(address(runner))
    await expect(page.locator(".tune")).to_have_count(2)
    for text in ("", "/compose ", "/compose key:"):
        await page.locator("#say").fill(text)
        for element in ("document.documentElement", "document.querySelector('#log')"):
            assert await page.evaluate(f"{element}.scrollWidth <= {element}.clientWidth")
    colour = await page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(colour) < 150) == (scheme == "dark")
    small = await page.locator("button:visible, a:visible").evaluate_all(
        "nodes => nodes.filter(node => node.getBoundingClientRect().height < 24).map(node => node.className)"
    )
    assert set(small) <= {"skip"}
    await page.close()


async def test_two_pages_of_one_member_stay_in_step(page: Page, runner: web.AppRunner, composer: FakeComposer) -> None:
    second = await page.context.new_page()
    await second.goto(address(runner))
    await page.bring_to_front()
    await typed(page, "/compose key:D")
    await page.keyboard.press("Enter")
    await expect(second.locator("[data-prompt]")).to_have_count(1)
    composer.advance(1, State.DONE)
    await page.get_by_role("button", name="Vote up").click()
    await expect(second.get_by_role("button", name="Vote up")).to_have_attribute("aria-pressed", "true")


async def test_what_a_worker_could_not_compose_is_refused_at_once(page: Page, composer: FakeComposer) -> None:
    for text, line in (
        ("/compose key:Cloc", "I know no tunes in C locrian"),
        ('/compose key:D rhythm:reel opening:"zzz garbage |||"', "The opening is not ABC that can be read"),
        ('/compose key:D rhythm:reel opening:"[K:G] DGBd gdBG|"', "ask to have it transposed"),
        ('/compose key:D rhythm:reel opening:"DEFG ABcd|D9 D9|"', "Bar 2 of the opening"),
    ):
        await page.locator("#say").fill(text)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        await expect(page.locator(".aside .state").last).to_contain_text(line)
        await expect(page.locator("#say")).to_have_value(text)
        assert "--" not in await page.locator(".aside .state").last.inner_text()
    assert composer.composed == []


async def test_a_late_error_is_a_sentence_and_gives_the_text_back(page: Page, composer: FakeComposer) -> None:
    await typed(page, "/compose key:D rhythm:reel seed:3")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-prompt]")).to_have_count(1)
    composer.advance(1, State.FAILED, error="no worker could compose it")
    await expect(page.locator(".status .state")).to_have_text("No worker could compose it")
    await expect(page.locator("#say")).to_have_value("/compose key:D rhythm:reel seed:3")


async def test_the_notation_in_the_chat_follows_what_is_played(page: Page, composer: FakeComposer) -> None:
    await composer.compose(Place("web", "local", "other", "Merry Piper"), parse_prompt("Edor", "reel"))
    composer.advance(1, State.DONE)
    await page.locator("audio").evaluate("player => player.play()")
    await expect(page.locator(".notation > svg .sounding").first).to_be_visible()
    await expect(page.locator(".notation img")).to_have_count(0)
