"""The editor in a browser: notation follows the text, errors are found, steps undone, a version saved."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.core.values import Place, State, StoredTune
from bot.library.editing import Draft
from bot.web import create_app, serve
from model.errors import InputError
from model.music.abc_reader import parse
from model.prompt import parse_prompt
from tests.bot.web.fakes import ABC, FakeComposer, FakeLibrary, FakeStore, notation
from tests.bot.web.static.browser import address, needs_browser
from tests.bot.web.static.test_accessibility import findings

pytestmark = needs_browser


class FakeEditor:
    """Reads with the real reader; `saved` has what was saved."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.saved: list[str] = []

    async def draft(self, abc: str, key: str = "", narrow: bool = False) -> Draft:
        parse(abc)
        moved = abc.replace("K:Edor", f"K:{key}") if key else abc
        return Draft(notation(narrow)["svg"], moved)

    async def save(self, tune_id: int, place: Place, abc: str) -> StoredTune:
        if "X:" not in abc:
            raise InputError("there is no X: field")
        self.saved.append(abc)
        return self.store.tunes[tune_id]


@pytest_asyncio.fixture(loop_scope="session")
async def editing(browser: Browser, store: FakeStore, composer: FakeComposer) -> AsyncIterator[tuple[Page, FakeEditor]]:
    composer.advance(store.add_prompt(Place("web", "local", "x", "X"), parse_prompt("Edor", "reel")).id, State.DONE)
    editor = FakeEditor(store)
    runner = await serve(create_app(composer, FakeLibrary(store), editor=editor), "127.0.0.1", 0)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{address(runner)}tune/1")
    await page.get_by_role("link", name="Edit").click()
    await expect(page.locator(".notation > svg")).to_be_visible()
    yield page, editor
    await context.close()
    await runner.cleanup()


async def test_a_text_is_changed_undone_and_saved(editing: tuple[Page, FakeEditor]) -> None:
    page, editor = editing
    assert await findings(page) == []
    text = page.get_by_label("ABC notation")
    await text.fill(ABC.replace("Silver", "Golden"))
    await text.fill(ABC.replace("EBBA", "EB nonsense"))
    await expect(page.locator("#trouble")).to_contain_text("ine 7")
    await expect(page.locator(".notation > svg")).to_be_visible()  # what was drawn stays
    await page.locator("#trouble").click()
    assert await text.evaluate("box => box.value.slice(box.selectionStart).startsWith('n')")
    await page.reload()
    await expect(text).to_have_value(ABC.replace("EBBA", "EB nonsense"))  # the draft was kept
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator("#trouble")).to_be_empty()
    await page.locator("[name=key]").select_option("Ador")
    await expect(text).to_have_value(ABC.strip().replace("K:Edor", "K:Ador"))
    await page.keyboard.press("Tab")
    await page.get_by_role("button", name="Undo").click()
    await page.get_by_role("button", name="Redo").click()
    await page.get_by_role("button", name="Save as a version").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The Silver Heron")
    assert [abc.strip() for abc in editor.saved] == [ABC.strip().replace("K:Edor", "K:Ador")]
