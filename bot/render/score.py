"""Tune -> a score that a page can follow: SVG whose notes have names, and when each of them sounds.

The picture is the music alone. Its notes and rests are named `n0`, `n1`, … in the order of the page, its bars `b0`, …
"""

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from bot.render.performance.accompaniment import dance_of
from bot.render.performance.perform import quarters_of, swing_of
from bot.render.performance.players import TICKS
from bot.render.performance.swing import edges_of, played_bars, ticks
from bot.render.sheet import mei
from bot.render.sheet.engraving import drawn
from bot.render.sheet.layout import NARROW, WIDE, part_letters
from model.music.grid import bar_lengths, bar_places, units
from model.music.rhythm import usual
from model.music.tune import Note, Tune

_MEI = "{http://www.music-encoding.org/ns/mei}"
_ID = "{http://www.w3.org/XML/1998/namespace}id"


def score(tune: Tune, narrow: bool = False) -> dict[str, bytes]:
    """The picture as `svg`, for phones where it is `narrow`, and `times` as JSON. Raises RenderError."""
    page = NARROW if narrow else WIDE
    ElementTree.register_namespace("", _MEI[1:-1])
    root = ElementTree.fromstring(mei.write(tune, page))
    measures = list(root.iter(f"{_MEI}measure"))
    symbols = [element for element in root.iter() if element.tag in (f"{_MEI}note", f"{_MEI}rest")]
    for letter, elements in (("b", measures), ("n", symbols)):
        for number, element in enumerate(elements):
            element.set(_ID, f"{letter}{number}")
    svg = drawn(ElementTree.tostring(root, encoding="unicode"), page)
    lengths = [list(_lengths(measure, Fraction(1))) for measure in measures]
    return {"svg": svg.encode(), "times": json.dumps(times(tune, lengths)).encode()}


def times(tune: Tune, written: Sequence[Sequence[Fraction]]) -> dict[str, Any]:
    """When it is played, in seconds from the beginning, repeats played out. `written` are the lengths in each bar.

    `notes` are [number, start, end] of what is written, and `bars` [number, downbeat, start, end], where a pickup's
    downbeat is before its start; `letters` are [letter, first bar] of the parts, and a `beat` is that of the dance.
    """
    rhythm = usual(tune.rhythm, tune.metre)
    quarters = quarters_of(tune, rhythm)
    swing = swing_of(dance_of(tune), quarters)
    second = float(quarters) * TICKS / 60
    first = list(accumulate(map(len, written), initial=0))
    places = bar_places(bar_lengths(tune.bars), tune.bars, tune.metre)
    notes: list[tuple[int, float, float]] = []
    bars: list[tuple[float, ...]] = []
    for bar in played_bars(tune):
        symbol = first[bar.bar]
        edges = edges_of(tune, bar.bar, places[bar.bar], swing)
        for size, (_, _, start, end) in zip(_sizes(tune.bars[bar.bar].notes, written[bar.bar]), edges, strict=True):
            span = round((bar.start + start) / second, 3), round((bar.start + end) / second, 3)
            notes += [(symbol + piece, *span) for piece in range(size)]
            symbol += size
        begun = bar.start + bar.place
        borders = (round(at / second, 3) for at in (bar.start, begun, begun + bar.length))
        bars.append((bar.bar, *borders))
    letters = [(letter, bar) for bar, letter in part_letters(tune).items()]
    return {"notes": notes, "bars": bars, "letters": letters, "beat": round(ticks(units(rhythm.beat)) / second, 3)}


def _lengths(parent: Element, ratio: Fraction) -> Iterator[Fraction]:
    """How long each written note and rest sounds, in whole notes. `ratio` is sounding over written length."""
    for child in parent:
        if child.tag in (f"{_MEI}note", f"{_MEI}rest"):
            dots = int(child.get("dots", "0"))
            yield ratio * Fraction(2 ** (dots + 1) - 1, int(child.attrib["dur"]) * 2**dots)
        elif child.tag == f"{_MEI}tuplet":
            yield from _lengths(child, ratio * int(child.attrib["numbase"]) / int(child.attrib["num"]))
        else:
            yield from _lengths(child, ratio)


def _sizes(notes: Sequence[Note], written: Sequence[Fraction]) -> Iterator[int]:
    """How many written notes, tied together, each note of a bar is."""
    pieces = iter(written)
    for note in notes:
        left, size = note.length, 0
        while left > 0:
            left -= next(pieces)
            size += 1
        yield size
