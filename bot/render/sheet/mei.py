"""Tune -> MEI (music-encoding.org, version 5), which verovio engraves.

Written by hand: verovio's import of ABC drops endings, and music21 has no export of MEI.
"""

import re
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, tostring

from bot.core.errors import RenderError
from bot.render.sheet import layout
from bot.render.sheet.layout import WIDE, Layout
from bot.render.sheet.mei_bar import write_bar
from model.music.grid import GRID, bar_lengths, bar_places
from model.music.tune import Bar, Note, Tune

MOST_BARS = 400  # some 25,000 pixels of picture; far more than any tune


def write(tune: Tune, page: Layout = WIDE) -> str:
    """The music of `tune` with its chord symbols and the letters of its parts, without its title.

    Raises RenderError for what cannot be engraved.
    """
    if len(tune.bars) > MOST_BARS:
        raise RenderError(f"the tune has {len(tune.bars)} bars; at most {MOST_BARS} can be drawn")
    mei = Element("mei", xmlns="http://www.music-encoding.org/ns/mei", meiversion="5.0")
    _nest(mei, "meiHead", "fileDesc")
    score = _nest(mei, "music", "body", "mdiv", "score")
    staff = _nest(score, "scoreDef", "staffGrp", "staffDef")
    staff.attrib |= {"n": "1", "lines": "5"}
    SubElement(staff, "clef", shape="G", line="2")
    fifths = tune.key.fifths
    SubElement(staff, "keySig", sig=f"{abs(fifths)}{'s' if fifths > 0 else 'f'}" if fifths else "0")
    symbol = {"C": "common", "C|": "cut"}.get(tune.metre.symbol)
    metre = SubElement(staff, "meterSig", count=str(tune.metre.beats), unit=str(tune.metre.unit))
    if symbol:
        metre.set("sym", symbol)
    _section(SubElement(score, "section"), tune, page)
    return tostring(mei, encoding="unicode")


def _nest(parent: Element, *tags: str) -> Element:
    for tag in tags:
        parent = SubElement(parent, tag)
    return parent


def _section(section: Element, tune: Tune, page: Layout) -> None:
    breaks, endings, letters = layout.line_starts(tune, page), layout.ending_stops(tune), layout.part_letters(tune)
    starts = bar_places(bar_lengths(tune.bars), tune.bars, tune.metre)
    parent, stop = section, -1
    before: Note | None = None
    for index, bar in enumerate(tune.bars):
        if index > stop:
            parent = section
        if index in breaks and index:
            SubElement(section if index in endings else parent, "sb")
        if index in endings:
            parent, stop = SubElement(section, "ending", n=str(bar.ending)), endings[index]
        measure = SubElement(parent, "measure", right=_right(bar, index + 1 == len(tune.bars)), metcon="false")
        if bar.start_repeat:
            measure.set("left", "rptstart")
        staff = SubElement(measure, "staff", n="1")
        after = tune.bars[index + 1].notes[0] if index + 1 < len(tune.bars) else None
        write_bar(SubElement(staff, "layer", n="1"), tune, bar.notes, Fraction(starts[index], GRID), (before, after))
        _directions(measure, bar, tune, letters.get(index, ""))
        before = bar.notes[-1]


def _directions(measure: Element, bar: Bar, tune: Tune, letter: str) -> None:
    """The part's letter, and the chord symbols."""
    if letter:
        SubElement(SubElement(measure, "reh", staff="1", tstamp="0"), "rend", rend="box").text = letter
    for chord in bar.chords:
        place = str(float(1 + chord.at * tune.metre.unit))
        SubElement(measure, "harm", staff="1", tstamp=place, place="above").text = _printed(chord.name)


def _printed(chord: str) -> str:
    """A chord's name with the signs that printed music has: `F♯m`, `B♭7`."""
    return re.sub("(?<=[A-Ga-g])b", "♭", chord).replace("#", "♯")


def _right(bar: Bar, last: bool) -> str:
    if bar.end_repeat:
        return "rptend"
    return "end" if last else "dbl" if bar.double else "single"
