import io
import re
from dataclasses import replace
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.render.sheet import picture
from bot.render.sheet.layout import NARROW, WIDE
from bot.render.sheet.raster import rasterized
from model.harmony.harmonizer import harmonize
from model.music.abc_reader import parse
from tests.bot.render.tunes import HORNPIPE, JIG, REEL


def pixels(abc: str, **changes: str) -> NDArray[np.uint8]:
    image = Image.open(io.BytesIO(picture.png(replace(parse(abc), **changes))))  # type: ignore[arg-type]
    assert image.format == "PNG"
    assert image.convert("RGBA").getchannel("A").getextrema() == (
        255,
        255,
    )  # opaque: Discord's dark theme would swallow the notes
    return np.asarray(image.convert("L"))


@pytest.mark.parametrize("abc", [JIG, HORNPIPE, REEL])
def test_the_picture_is_black_on_white_and_fills_its_frame(abc: str) -> None:
    image = pixels(abc)
    height, width = image.shape
    ink = image < 128
    assert width == WIDE.pixels
    assert 600 < height < 1100  # a title and four lines
    assert 0.02 < ink.mean() < 0.2
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    assert 0 < rows[0] < 60
    assert height - 80 < rows[-1] < height
    assert 0 < columns[0] < 50
    assert width - 50 < columns[-1] < width


def test_the_title_and_the_rhythm_are_drawn_above_the_music() -> None:
    both, untitled, bare = pixels(REEL), pixels(REEL, title=""), pixels(REEL, title="", rhythm="")
    assert both.shape[0] > untitled.shape[0] > bare.shape[0]
    title = both[: both.shape[0] - untitled.shape[0]]
    assert (title < 128).any()


def test_accents_and_markup_in_a_title_are_drawn() -> None:
    plain = pixels(REEL, title="Eire")
    assert not np.array_equal(plain, pixels(REEL, title="Éire"))
    assert pixels(REEL, title='<b> & "O\'Neill" > ’').shape == plain.shape


@pytest.mark.parametrize("title", ["W" * 500, "The Farewell to the Pipers " * 20, "長い曲名 " * 30])
def test_a_long_title_stays_within_the_picture(title: str) -> None:
    columns = np.flatnonzero((pixels(REEL, title=title) < 128).any(axis=0))
    assert columns[0] > 10
    assert columns[-1] < WIDE.pixels - 10


def test_the_same_tune_gives_the_same_picture() -> None:
    assert picture.png(parse(JIG)) == picture.png(parse(JIG))


def test_chord_symbols_part_letters_and_the_tempo_are_drawn() -> None:
    plain, charted = picture.svg(parse(REEL)), picture.svg(harmonize(parse(REEL)))
    assert plain.count("<text") < charted.count("<text")
    texts = re.findall(r">([^<>]+)</", charted)
    assert {"A", "E", "D", "= 100", "Reel", "The Mason's Apron"} <= set(texts)
    assert texts.index("A") < texts.index("B")


def test_a_narrow_picture_has_two_bars_a_line() -> None:
    image = Image.open(io.BytesIO(picture.png(parse(REEL), NARROW)))
    assert image.width == NARROW.pixels
    assert image.height > 1.8 * image.width


def test_an_svg_is_whole_without_its_style_sheet() -> None:
    svg = picture.svg(harmonize(parse(JIG)))
    root = fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "<style" not in svg
    assert "placeholder" not in svg
    widths = {path.get("stroke-width") for path in root.iter("{http://www.w3.org/2000/svg}path")}
    assert len(widths) > 2


@pytest.mark.parametrize("metre", ["C|", "C", "4/4", "2/2"])
def test_a_chord_stands_above_the_note_where_it_begins(metre: str) -> None:
    svg = picture.svg(parse(f'X:1\nT:Test\nM:{metre}\nL:1/8\nK:D\n"D"defg "Bb7"gfed|]\n'))
    chords = [float(x) for x in re.findall(r'<text stroke="none" x="(\d+)"', svg)]
    heads = [float(x) for x in re.findall(r'<use xlink:href="#E0A4[^"]*" transform="translate\((\d+),', svg)]
    assert chords == [heads[0], heads[4]]
    assert "♭" in svg


def test_the_greys_are_those_of_the_drawing() -> None:
    image = rasterized(picture.svg(parse(JIG)), 1.0)
    exact = rasterized(picture.svg(parse(JIG)), 1.0, greys=False)
    greys, colours = (np.asarray(Image.open(io.BytesIO(data)).convert("L"), int) for data in (image, exact))
    assert np.abs(greys - colours).max() <= 17
