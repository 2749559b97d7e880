"""Tune -> SVG by verovio, in a form that any reader of SVG draws alike and fast."""

import re
from functools import cache

import verovio

from bot.core.errors import RenderError
from bot.render.sheet import mei
from bot.render.sheet.layout import Layout
from model.music.tune import Tune

MARGIN = 36  # in verovio's units, of which a staff is 72 high
_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_BOLD = re.compile(r'class="(?:ending|harm|reh)"')
_MARKS = re.compile(r'<g [^>]*class="[^"]*placeholder[^"]*"><ellipse[^>]*/></g>')  # of breaks, hidden by the style
_SIGNS = {  # of chords, in verovio's own font -> the same in the text's
    f'<tspan font-family="Leipzig" font-size="720px">{private}</tspan>': f'<tspan font-size="405px">{sign}</tspan>'
    for private, sign in (("\uea64", "♭"), ("\uea66", "♯"))
}
_NAMES = re.compile(r' (?:id="(?!E[0-9A-F]{3})[^"]*"|class="[^"]*")')


def engraved(tune: Tune, page: Layout) -> tuple[str, float]:
    """The music alone as SVG, and its height, both in verovio's units, of which a staff is 72 high; or RenderError."""
    music = _NAMES.sub("", drawn(mei.write(tune, page), page))
    height = float(music.split('viewBox="', 1)[1].split('"', 1)[0].split()[3])
    return music.replace("<svg ", f'<svg width="{page.width}" height="{height}" ', 1), height


def drawn(music: str, page: Layout) -> str:
    """MEI as SVG whose elements have the names and classes that verovio gives them. Raises RenderError."""
    toolkit = _toolkit(page.width)
    if not toolkit.loadData(music):
        raise RenderError("the tune cannot be engraved")
    return _plain(toolkit.renderToSVG(1))


def _plain(svg: str) -> str:
    """verovio's SVG with what its style sheet says as attributes: selectors take half of the rasterizer's time."""
    svg = _MARKS.sub("", _BOLD.sub('font-weight="bold"', _STYLE.sub("", svg)))
    for private, sign in _SIGNS.items():
        svg = svg.replace(private, sign)
    svg = svg.replace("Times, serif", "STIXGeneral, DejaVu Sans, serif")
    return svg.replace("<svg ", '<svg stroke="currentColor" ', 1).replace("<text ", '<text stroke="none" ')


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
            "pageMarginLeft": MARGIN,
            "pageMarginRight": MARGIN,
            "breaks": "encoded",
            "minLastJustification": 0.0,
            "spacingLinear": 0.18,  # lines are then stretched, not squeezed, to the width of the page
            "leftMarginRightBarLine": 1.5,
            "header": "none",
            "footer": "none",
            "svgViewBox": True,
            "svgFormatRaw": True,
            "xmlIdChecksum": True,
        }
    )
    return toolkit
