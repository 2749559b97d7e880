"""Tune -> one picture with a heading: as SVG, and as PNG."""

import textwrap
from fractions import Fraction
from xml.sax.saxutils import escape

from bot.render.sheet.engraving import MARGIN, engraved
from bot.render.sheet.layout import WIDE, Layout
from bot.render.sheet.raster import rasterized
from model.errors import InputError
from model.music.rhythm import named
from model.music.tune import Tune

_TITLE_SIZE, _RHYTHM_SIZE, _TEMPO_SIZE = 64, 44, 38
_LONGEST_TITLE = 120  # characters


def png(tune: Tune, page: Layout = WIDE) -> bytes:
    """The score of `tune` with its heading, black on white, as wide as `page` says. RenderError as for `svg`."""
    return rasterized(svg(tune, page), page.pixels / page.width)


def svg(tune: Tune, page: Layout = WIDE) -> str:
    """The score of `tune` with its title, rhythm and tempo. Raises RenderError for what cannot be engraved."""
    music, tall = engraved(tune, page)
    heading, top = _heading(tune, page.width)
    height = top + tall
    music = music.replace("<svg ", f'<svg y="{top}" ', 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {page.width} {height}" width="{page.width}"'
        f' height="{height}">{heading}{music}</svg>'
    )


def _heading(tune: Tune, width: int) -> tuple[str, int]:
    """Title, rhythm and tempo as SVG, and the height they take."""
    texts: list[str] = []
    lines, size = _fit(textwrap.shorten(tune.title, _LONGEST_TITLE, placeholder=" …"), width - 2 * MARGIN)
    height = 24
    for line in lines:
        height += round(size * 1.1)
        texts.append(_text(line, size, height, f'x="{width / 2}" text-anchor="middle" font-weight="bold"'))
    tempo = _tempo(tune)
    if tune.rhythm or tempo:
        height += _RHYTHM_SIZE + 18
        rhythm = textwrap.shorten(tune.rhythm, 40, placeholder=" …")
        texts.append(_text(rhythm[:1].upper() + rhythm[1:], _RHYTHM_SIZE, height, f'x="{MARGIN}" font-style="italic"'))
    if tempo:
        texts.append(_tempo_mark(*tempo, width - MARGIN, height))
    return "".join(texts), height


def _tempo(tune: Tune) -> tuple[Fraction, int] | None:
    """The beat and how many of it a minute has, from the tune or else its dance; None where neither says it."""
    if tune.tempo:
        return tune.tempo
    try:
        rhythm = named(tune.rhythm)
    except InputError:
        return None
    return rhythm.beat, rhythm.tempo


def _tempo_mark(beat: Fraction, tempo: int, right: float, baseline: float) -> str:
    """A note and its number of beats a minute, which end at `right`."""
    number = f"= {tempo}"
    left = right - _ems(number) * _TEMPO_SIZE
    dotted = beat.numerator == 3
    value = Fraction(2, 3) * beat if dotted else beat
    x, y = left - (34 if dotted else 22), baseline - 8
    filled = f'fill="{"none" if value >= Fraction(1, 2) else "black"}" stroke="black" stroke-width="3"'
    head = f'<ellipse cx="{x}" cy="{y}" rx="9.5" ry="6.5" transform="rotate(-25 {x} {y})" {filled}/>'
    stem = f'<path d="M{x + 9} {y - 4}V{y - 44}" stroke="black" stroke-width="3"/>'
    dot = f'<circle cx="{x + 18}" cy="{y}" r="3.5"/>' if dotted else ""
    return head + stem + dot + _text(number, _TEMPO_SIZE, baseline, f'x="{left}"')


def _text(text: str, size: int, baseline: float, attributes: str) -> str:
    family = 'font-family="STIXGeneral, DejaVu Sans, serif"'
    return f'<text y="{baseline}" font-size="{size}" {family} {attributes}>{escape(text)}</text>'


def _fit(title: str, width: int) -> tuple[list[str], int]:
    """The title in one line or two, and the size at which they fit `width`."""
    lines = [title] if title else []
    if _ems(title) * _TITLE_SIZE > width:
        halves = (textwrap.wrap(title, length) for length in range(len(title) // 2, len(title) + 1))
        lines = next(lines for lines in halves if len(lines) <= 2)
    widest = max(map(_ems, lines), default=1.0)
    return lines, min(_TITLE_SIZE, int(width / widest))


def _ems(text: str) -> float:
    """About how wide a bold line is, in multiples of its size. Letters that the fonts lack become wide boxes."""
    return sum(1.2 if ord(letter) > 0x2E80 else 0.75 if letter.isupper() else 0.52 for letter in text)
