"""Layout of a printed tune: line breaks, the last bars of endings, and the letters of its parts."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from model.music.parts import sections
from model.music.tune import Note, Tune


class Layout(NamedTuple):
    """How a tune is spread: `bars` of a line, and the notes and accidentals that crowd one, so that it holds fewer.

    `pixels` is the width of a picture and `width` the same in verovio's units, of which a staff is 72 high.
    """

    bars: int
    crowded: int
    pixels: int
    width: int


WIDE = Layout(4, 40, 1400, 1620)  # a chat on a phone shows 400 points at two or three pixels each
NARROW = Layout(2, 22, 900, 860)  # two bars a line, to be read on a phone


def ending_stops(tune: Tune) -> dict[int, int]:
    """Index of the first bar of each ending -> index of its last bar.

    A first ending ends at its repeat sign. A last one ends at a double bar; without one it is one bar long.
    """
    stops: dict[int, int] = {}
    for first, bar in enumerate(tune.bars):
        if not bar.ending:
            continue
        last = first
        while not _part_ends(tune, last) and not tune.bars[last + 1].ending:
            last += 1
        closed = bar.ending == 1 or last - first < WIDE.bars
        stops[first] = last if closed else first
    return stops


def line_starts(tune: Tune, page: Layout = WIDE) -> set[int]:
    """Indices of the bars that begin a printed line: evenly filled, with about as many bars as `page` says.

    No part begins inside a line unless it is too short to fill one.
    """
    starts: set[int] = set()
    for part in _chunks(tune, page):
        starts |= set(_break(tune, part, page))
    return starts


def part_letters(tune: Tune) -> dict[int, str]:
    """Index of the first bar of each part -> its letter; parts with the same notes share one. Empty for a lone part."""
    letters: dict[int, str] = {}
    known: dict[tuple[tuple[Note, ...], ...], str] = {}
    first = 0
    for section in sections(tune):
        music = tuple(bar.notes for bar in section)
        letters[first] = known.setdefault(music, chr(ord("A") + len(known) % 26))
        first += len(section)
    return letters if len(letters) > 1 else {}


def _part_ends(tune: Tune, index: int) -> bool:
    if index + 1 == len(tune.bars):
        return True
    bar, following = tune.bars[index], tune.bars[index + 1]
    return following.start_repeat or ((bar.end_repeat or bar.double) and not following.ending)


def _chunks(tune: Tune, page: Layout) -> list[range]:
    """The parts, each a range of bars, with parts too short for a line of their own joined to a neighbour."""
    chunks: list[range] = []
    first = 0
    for index in range(len(tune.bars)):
        if not _part_ends(tune, index):
            continue
        if chunks and (_full(tune, chunks[-1]) < page.bars - 1 or index - first < 2):
            first = chunks.pop().start
        chunks.append(range(first, index + 1))
        first = index + 1
    return chunks


def _full(tune: Tune, bars: Sequence[int]) -> int:
    """How many bars to count: a pickup goes with the bar after it."""
    return sum(tune.bars[index].length >= tune.metre.length / 2 for index in bars)


def _break(tune: Tune, part: range, page: Layout) -> list[int]:
    heads = [index for index in part if tune.bars[index].length >= tune.metre.length / 2] or [part.start]
    lines = max(1, (len(heads) + 1) // page.bars)
    starts = _split(heads, lines)
    while lines < len(heads) and _fullest(tune, [*starts, part.stop]) > page.crowded:
        lines += 1
        starts = _split(heads, lines)
    return [part.start, *starts[1:]]


def _split(heads: list[int], lines: int) -> list[int]:
    """First bars of `lines` lines of equal length; what is left over goes to the last ones, which hold the endings."""
    return [heads[line * len(heads) // lines] for line in range(lines)]


def _fullest(tune: Tune, edges: list[int]) -> int:
    """Notes and accidentals of the fullest of the lines between `edges`."""
    signature = tune.key.signature
    marks = [
        sum(1 + (note.pitch is not None and note.pitch.alter != signature[note.pitch.step]) for note in bar.notes)
        for bar in tune.bars
    ]
    return max(sum(marks[start:stop]) for start, stop in pairwise(edges))
