import re

import pytest

from bot.core.errors import RenderError
from bot.render import Renderer, book
from model.errors import InputError
from tests.bot.store.samples import ABC


def a_book(count: int = 1, title: str = "Ann’s favourites", abc: str = ABC) -> dict[str, object]:
    tunes = [{"abc": abc, "source": f"/tune {n}"} for n in range(count)]
    return {"title": title, "subtitle": "Tunes", "note": "1 March 2026", "tunes": tunes}


def pages(pdf: bytes) -> int:
    return max(map(int, re.findall(rb"/Type/Pages/Count (\d+)", pdf)))


@pytest.mark.parametrize(("count", "expected"), [(1, 2), (8, 3), (30, 7)])
def test_a_book_has_a_title_page_and_several_tunes_on_each(count: int, expected: int) -> None:
    pdf = book.pdf(a_book(count))
    assert pdf.startswith(b"%PDF")
    assert 2 <= pages(pdf) <= expected


def test_it_is_all_vectors_so_a_file_stays_small() -> None:
    pdf = book.pdf(a_book(20))
    assert len(pdf) < 500_000
    assert b"/Subtype/Image" not in pdf


@pytest.mark.parametrize(
    "title",
    ["#panic()", "*bold* $x$ `code` <x> @x", '#read("/etc/passwd")', "\u202e\x00\ud800", "漢字 🎻", "x" * 500, ""],
)
def test_what_members_typed_is_never_markup(title: str) -> None:
    line = title.replace("\ud800", "").replace("\x00", "") or "x"
    assert pages(book.pdf(a_book(2, title, ABC.replace("The Long Lane", line)))) >= 2


def test_a_tune_taller_than_a_page_is_drawn_smaller() -> None:
    long = ABC.replace("|:EBBA B2EB:|", "|:" + "EBBA B2EB|" * 64 + "EBBA B2EB:|")
    assert pages(book.pdf(a_book(3, abc=long))) == 4


def test_text_that_is_no_tune_is_refused() -> None:
    with pytest.raises(InputError):
        book.pdf(a_book(abc="no tune"))


async def test_a_render_process_makes_books_between_tunes() -> None:
    async with Renderer(1) as renderer:
        assert (await renderer.book(a_book(3))).startswith(b"%PDF")
        assert set(await renderer.render(ABC, ["mid"])) == {"mid"}
        with pytest.raises(RenderError):
            await renderer.book(a_book(abc="no tune"))
        assert renderer.restarts == 0
