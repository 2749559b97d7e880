"""Ornaments of a part's second time: cuts, rolls, bowed or tongued triplets, thirds filled in. No beat moves.

Each instrument has those that its players use, each dance those that it is played with. Cuts and taps are so short that
no pitch is heard, and take their time from the end of the note before.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from bot.render.performance.players import TICKS
from model.music.grid import GRID

_EIGHTH = GRID // 8
_GRACE = 0.04  # seconds
_CHANCE = {"cut": 0.5, "roll": 0.45, "triplet": 0.35, "fill": 0.3}
_WINDS = ("cut", "roll", "fill")
_BOWS_AND_REEDS = ("cut", "roll", "triplet", "fill")
_PLUCKED = ("triplet", "fill")
_BY_INSTRUMENT = {
    **dict.fromkeys(("flute", "whistle"), _WINDS),
    **dict.fromkeys(("fiddle", "pipes", "accordion", "concertina"), _BOWS_AND_REEDS),
    **dict.fromkeys(("banjo", "mandolin"), _PLUCKED),
    **dict.fromkeys(("harp", "piano"), ("fill",)),
}
_BY_DANCE = {
    **dict.fromkeys(("jig", "slip jig"), ("cut", "roll", "fill")),
    **dict.fromkeys(("reel", "hornpipe"), ("cut", "roll", "triplet", "fill")),
    "polka": ("cut", "fill"),
    "strathspey": ("cut", "triplet"),
    **dict.fromkeys(("march", "air"), ("cut",)),
}


class Played(NamedTuple):
    """A note from `start` to `end` in ticks; `written` is its length on paper, in units of the grid.

    `again` says that its part was played before, `on_beat` that it begins on a beat.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    written: int
    again: bool
    on_beat: bool


class Style(NamedTuple):
    """Who plays which dance in which scale. `playable` says whether the instrument has a note."""

    instrument: str
    dance: str
    scale: tuple[int, ...]
    ticks_a_second: float
    playable: Callable[[int], bool]


def ornamented(melody: Sequence[Played], style: Style, chance: Random) -> list[Played]:
    """`melody` with ornaments on some of the notes that are played again; never on the last."""
    kinds = [kind for kind in _BY_DANCE.get(style.dance, ()) if kind in _BY_INSTRUMENT.get(style.instrument, ())]
    notes = list(melody)
    found: list[Played] = []
    for index, note in enumerate(melody[:-1]):
        note = notes[index]
        kind = next((kind for kind in kinds if note.again and _invites(kind, note, found[-1:], notes[index + 1])), "")
        if chance.random() >= _CHANCE.get(kind, 0.0):
            found.append(note)
        elif kind == "cut":
            found[-1:] = [*_with_cut(found[-1], note.pitch, style, above=True), note]
        elif kind == "roll":
            found += _roll(note, style)
        elif kind == "triplet":
            quarter = (note.end - note.start) // 4
            found += _repeated(note, (note.start, note.start + quarter, note.start + 2 * quarter))
        else:
            found += (filled := _filled(note, notes[index + 1], style))
            notes[index + 1] = notes[index + 1]._replace(start=filled[-1].end)
    return found + notes[-1:]


def _invites(kind: str, note: Played, before: Sequence[Played], after: Played) -> bool:
    """Whether an ornament of this kind suits a note."""
    if kind == "roll":
        return note.written == 3 * _EIGHTH and note.on_beat
    if kind == "triplet":
        return note.written == 2 * _EIGHTH and note.on_beat
    if kind == "fill":
        pair = note.written == after.written == _EIGHTH and note.end == after.start
        return pair and note.on_beat and abs(after.pitch - note.pitch) in (3, 4)
    return any(one.pitch == note.pitch and one.end >= note.start - TICKS // 16 for one in before)


def _with_cut(note: Played, pitch: int, style: Style, *, above: bool) -> Iterator[Played]:
    """`note`, its end given to a grace note beside `pitch`: a cut above, a tap below."""
    grace = min(round(_GRACE * style.ticks_a_second), (note.end - note.start) // 3)
    beside = _neighbour(pitch, style, above=above)
    yield note._replace(end=note.end - grace)
    yield note._replace(start=note.end - grace, pitch=beside, velocity=note.velocity - 12)


def _roll(note: Played, style: Style) -> Iterator[Played]:
    """The note, a cut, the note, a tap, the note: its thirds keep their time."""
    third = (note.end - note.start) // 3
    first, second, last = _repeated(note, (note.start, note.start + third, note.start + 2 * third))
    yield from _with_cut(first, note.pitch, style, above=True)
    yield from _with_cut(second, note.pitch, style, above=False)
    yield last


def _repeated(note: Played, starts: Sequence[int]) -> list[Played]:
    """The note struck at each of `starts`, the later ones more softly."""
    ends = [*starts[1:], note.end]
    return [
        note._replace(start=start, end=end, velocity=note.velocity - (6 if number else 0))
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


def _filled(note: Played, after: Played, style: Style) -> list[Played]:
    """A pair a third apart as a triplet: this note and the one between, `after` following at two thirds."""
    third = (after.end - note.start) // 3
    between = _neighbour(note.pitch, style, above=after.pitch > note.pitch)
    first, second = _repeated(note._replace(end=note.start + 2 * third), (note.start, note.start + third))
    return [first, second._replace(pitch=between)]


def _neighbour(pitch: int, style: Style, *, above: bool) -> int:
    """The next note of the scale that the instrument has, or the note itself where there is none."""
    way = 1 if above else -1
    candidates = (pitch + way * distance for distance in range(1, 5))
    return next((beside for beside in candidates if beside % 12 in style.scale and style.playable(beside)), pitch)
