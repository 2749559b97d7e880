"""The notes of one bar as MEI: values, ties, tuplets, beams, accidentals."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from bot.core.errors import RenderError
from model.music.key import LETTERS, Key, Pitch
from model.music.tune import Metre, Note, Tune

LONGEST_BAR = 8  # whole notes
_VALUES = {  # length in whole notes -> MEI's @dur and @dots
    Fraction(2 ** (dots + 1) - 1, 2 ** (power + dots)): (2**power, dots) for dots in range(3) for power in range(8)
}
_ACCIDENTALS = {-2: "ff", -1: "f", 0: "n", 1: "s", 2: "x"}


class _Symbol(NamedTuple):
    """One written note or rest and its place in the bar. `ratio` is written over sounding length.

    Symbols of one tuplet share the number `tuplet`; 0 is none.
    """

    element: Element
    place: Fraction
    tuplet: int
    ratio: Fraction

    def beam(self, metre: Metre) -> int | None:
        """Which of the bar's beamed groups it belongs to."""
        beamed = self.element.tag == "note" and int(self.element.attrib["dur"]) >= 8
        return int(self.place // metre.beam) if beamed else None


def write_bar(
    layer: Element,
    tune: Tune,
    notes: tuple[Note, ...],
    start: Fraction,
    neighbours: tuple[Note | None, Note | None],
) -> None:
    """Add `notes` to `layer`. They begin at `start` in a full bar, in whole notes, between two `neighbours`.

    Raises RenderError for what cannot be engraved.
    """
    length = sum(note.length for note in notes)
    if length > LONGEST_BAR:
        raise RenderError(f"a bar of {length} whole notes is too long to draw")
    symbols = _symbols(tune, notes, start, neighbours)
    for tuplet, same_tuplet in groupby(symbols, key=lambda symbol: symbol.tuplet):
        members = list(same_tuplet)
        parent = _tuplet(layer, members) if tuplet else layer
        for beam, group in groupby(members, key=lambda symbol: symbol.beam(tune.metre)):
            elements = [symbol.element for symbol in group]
            beamed = beam is not None and len(elements) > 1
            (SubElement(parent, "beam") if beamed else parent).extend(elements)


def _tuplet(layer: Element, members: list[_Symbol]) -> Element:
    ratio = members[0].ratio
    bracket = any(symbol.element.tag == "rest" or int(symbol.element.attrib["dur"]) < 8 for symbol in members)
    return SubElement(
        layer,
        "tuplet",
        {"num": str(ratio.numerator), "numbase": str(ratio.denominator), "num.format": "count"}
        | {"bracket.visible": "true" if bracket else "false"},
    )


def _symbols(
    tune: Tune, notes: tuple[Note, ...], start: Fraction, neighbours: tuple[Note | None, Note | None]
) -> Iterator[_Symbol]:
    accidentals = _Accidentals(tune.key)
    around = (neighbours[0], *notes, neighbours[1])
    place, left, tuplet, ratio = start, 0, 0, Fraction(1)
    for index, note in enumerate(notes):
        if not left:
            left, ratio = _tuplet_size(notes[index:])
            tuplet += 1
        from_tie, into_tie = _tied(around[index], note), _tied(note, around[index + 2])
        accidental = "" if from_tie or note.pitch is None else accidentals.mark(note.pitch)
        values = _values(note.length * ratio, tune.metre.compound)
        for number, value in enumerate(values):
            joins = (from_tie or number > 0, into_tie or number + 1 < len(values))
            element = _element(note.pitch, value, joins, "" if number else accidental)
            yield _Symbol(element, place, tuplet if ratio != 1 else 0, ratio)
            place += value / ratio
        left -= 1


def _tied(first: Note | None, second: Note | None) -> bool:
    return bool(first and second and first.tied and first.pitch and first.pitch == second.pitch)


def _element(pitch: Pitch | None, value: Fraction, joins: tuple[bool, bool], accidental: str) -> Element:
    """A note or rest of the length `value`; `joins`: is it tied to the one before, to the one after?"""
    dur, dots = _VALUES[value]
    element = Element("rest" if pitch is None else "note", dur=str(dur))
    if dots:
        element.set("dots", str(dots))
    if pitch is None:
        return element
    element.attrib |= {"pname": LETTERS[pitch.step].lower(), "oct": str(pitch.octave)}
    if accidental:
        element.set("accid", accidental)
    if any(joins):
        element.set("tie", {(False, True): "i", (True, True): "m", (True, False): "t"}[joins])
    return element


class _Accidentals:
    """Which accidentals to print in one bar. One holds on its own line; another octave is reminded of what it has."""

    def __init__(self, key: Key) -> None:
        self._signature = key.signature
        self._by_line: dict[int, int] = {}

    def mark(self, pitch: Pitch) -> str:
        octaves = [alter for line, alter in self._by_line.items() if line % 7 == pitch.step]
        holds = [self._by_line[pitch.line]] if pitch.line in self._by_line else [self._signature[pitch.step], *octaves]
        self._by_line[pitch.line] = pitch.alter
        return "" if set(holds) == {pitch.alter} else _ACCIDENTALS[pitch.alter]


def _values(length: Fraction, compound: bool) -> list[Fraction]:
    """Lengths of the notes that, tied together, last `length`: one where there is such a note."""
    if length in _VALUES:
        return [length]
    # in 9/8 dotted beats are tied together, not a whole note to an eighth
    dotted = [value for value, (dur, dots) in _VALUES.items() if dots == 1 and dur <= 4 and compound]
    plain = [value for value, (_, dots) in _VALUES.items() if dots == 0]
    longest = next((value for value in dotted + plain if value <= length), None)
    if longest is None:
        raise RenderError(f"a note of {length} of a whole note cannot be written down")
    return [longest, *_values(length - longest, compound)]


def _odd(length: Fraction) -> int:
    """The part of a length's denominator that is no power of two; 1 for lengths that need no tuplet."""
    denominator = length.denominator
    return denominator // (denominator & -denominator)


def _tuplet_size(notes: tuple[Note, ...]) -> tuple[int, Fraction]:
    """How many notes the tuplet that starts here has, and their written over their sounding length; (1, 1) for none.

    It ends where it fills a plain length, or before a note that cannot belong to it.
    """
    odd = _odd(notes[0].length)
    if odd == 1:
        return 1, Fraction(1)
    total, count = Fraction(0), 0
    for note in notes:
        if _odd(note.length) not in (1, odd) or (total and _odd(total) == 1):
            break
        total += note.length
        count += 1
    return count, Fraction(odd, 1 << (odd.bit_length() - 1))
