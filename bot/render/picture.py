"""Tune -> PNG: verovio engraves the music as SVG, the heading is set above it, resvg paints both."""

import textwrap
from functools import cache
from xml.sax.saxutils import escape

import verovio

from bot.core.errors import RenderError
from bot.render import mei
from bot.render.painting import paint
from model.music.tune import Tune

WIDTH = 1400  # pixels: a chat on a phone shows 400 points at two or three pixels each
_PAGE = 1620  # the same width in verovio's units, of which a staff is 72 high
_MARGIN = 36
_TITLE_SIZE, _RHYTHM_SIZE = 64, 44
_LONGEST_TITLE = 120  # characters
_FONTS = ("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "DejaVuSans", "DejaVuSans-Bold")


def png(tune: Tune) -> bytes:
    """The score of `tune` with its title and rhythm, black on white, `WIDTH` pixels wide.

    Raises RenderError for what cannot be engraved.
    """
    music, tall = engraved(tune, _PAGE)
    heading, top = _heading(tune)
    height = top + tall
    music = music.replace("<svg ", f'<svg y="{top}" ', 1)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_PAGE} {height}" width="{_PAGE}" height="{height}">'
        f"{heading}{music}</svg>"
    )
    return paint(svg, WIDTH, "STIXGeneral", _FONTS)


def engraved(tune: Tune, width: int) -> tuple[str, float]:
    """The music alone as SVG, and its height, both in verovio's units, of which a staff is 72 high; or RenderError."""
    toolkit = _toolkit(width)
    if not toolkit.loadData(mei.write(tune)):
        raise RenderError("the tune cannot be engraved")
    music: str = toolkit.renderToSVG(1)
    height = float(music.split('viewBox="', 1)[1].split('"', 1)[0].split()[3])
    return music.replace("<svg ", f'<svg width="{width}" height="{height}" ', 1), height


def _heading(tune: Tune) -> tuple[str, int]:
    """Title and rhythm as SVG, and the height they take."""
    texts: list[str] = []
    lines, size = _fit(textwrap.shorten(tune.title, _LONGEST_TITLE, placeholder=" …"))
    height = 24
    for line in lines:
        height += round(size * 1.1)
        texts.append(_text(line, size, height, f'x="{_PAGE / 2}" text-anchor="middle" font-weight="bold"'))
    if tune.rhythm:
        height += _RHYTHM_SIZE + 8
        rhythm = textwrap.shorten(tune.rhythm, 40, placeholder=" …")
        texts.append(_text(rhythm[:1].upper() + rhythm[1:], _RHYTHM_SIZE, height, f'x="{_MARGIN}" font-style="italic"'))
    return "".join(texts), height


def _text(text: str, size: int, baseline: int, attributes: str) -> str:
    family = 'font-family="STIXGeneral, DejaVu Sans"'
    return f'<text y="{baseline}" font-size="{size}" {family} {attributes}>{escape(text)}</text>'


def _fit(title: str) -> tuple[list[str], int]:
    """The title in one line or two, and the size at which they fit the page."""
    lines = [title] if title else []
    if _ems(title) * _TITLE_SIZE > _PAGE - 2 * _MARGIN:
        halves = (textwrap.wrap(title, width) for width in range(len(title) // 2, len(title) + 1))
        lines = next(lines for lines in halves if len(lines) <= 2)
    widest = max(map(_ems, lines), default=1.0)
    return lines, min(_TITLE_SIZE, int((_PAGE - 2 * _MARGIN) / widest))


def _ems(text: str) -> float:
    """About how wide a bold line is, in multiples of its size."""
    return sum(0.75 if letter.isupper() or ord(letter) > 0x2E80 else 0.52 for letter in text)


@cache
def _toolkit(width: int) -> verovio.toolkit:
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": width,
            "pageHeight": 60000,
            "adjustPageHeight": True,
            "pageMarginTop": 20,
            "pageMarginBottom": 10,
            "pageMarginLeft": _MARGIN,
            "pageMarginRight": _MARGIN,
            "breaks": "encoded",
            "minLastJustification": 0.0,
            "spacingLinear": 0.18,  # lines are then stretched, not squeezed, to the width of the page
            "leftMarginRightBarLine": 1.5,
            "header": "none",
            "footer": "none",
            "svgViewBox": True,
            "xmlIdChecksum": True,
        }
    )
    return toolkit
