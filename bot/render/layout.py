"""Where the lines of a printed tune break, where its endings stop, and where in the metre a bar begins."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from model.music.tune import Bar, Metre, Tune

BARS_A_LINE = 4
CROWDED = 40  # notes and accidentals; with more in it a line 1400 pixels wide is hard to read on a phone


def bar_starts(bars: Sequence[Bar], metre: Metre) -> list[Fraction]:
    """For each bar, the place in a full bar, in whole notes, of its first note: a pickup begins late."""
    starts: list[Fraction] = []
    end = Fraction(0)  # where the bar before stopped, 0 if it was full
    for index, bar in enumerate(bars):
        start = Fraction(0)
        if bar.length < metre.length and bar.ending < 2:
            if end and end + bar.length <= metre.length:
                start = end
            elif index == 0 or bar.start_repeat:
                start = metre.length - bar.length
        starts.append(start)
        end = (start + bar.length) % metre.length
    return starts


def ending_stops(tune: Tune) -> dict[int, int]:
    """Index of the first bar of each ending -> index of its last bar.

    A first ending stops at its repeat sign. A last one stops at a double bar; without one it is one bar long.
    """
    stops: dict[int, int] = {}
    for first, bar in enumerate(tune.bars):
        if not bar.ending:
            continue
        last = first
        while not _part_ends(tune, last) and not tune.bars[last + 1].ending:
            last += 1
        closed = bar.ending == 1 or last - first < BARS_A_LINE
        stops[first] = last if closed else first
    return stops


def line_starts(tune: Tune) -> set[int]:
    """Indices of the bars that begin a printed line: about four bars a line, evenly filled, no part begun mid-line."""
    starts: set[int] = set()
    for part in _chunks(tune):
        starts |= set(_break(tune, part))
    return starts


def _part_ends(tune: Tune, index: int) -> bool:
    if index + 1 == len(tune.bars):
        return True
    bar, following = tune.bars[index], tune.bars[index + 1]
    return following.start_repeat or ((bar.end_repeat or bar.double) and not following.ending)


def _chunks(tune: Tune) -> list[range]:
    """The parts, each a range of bars, with parts too short for a line of their own joined to a neighbour."""
    chunks: list[range] = []
    first = 0
    for index in range(len(tune.bars)):
        if not _part_ends(tune, index):
            continue
        if chunks and (_full(tune, chunks[-1]) < 3 or index - first < 2):
            first = chunks.pop().start
        chunks.append(range(first, index + 1))
        first = index + 1
    return chunks


def _full(tune: Tune, bars: Sequence[int]) -> int:
    """How many bars to count: a pickup goes with the bar after it."""
    return sum(tune.bars[index].length >= tune.metre.length / 2 for index in bars)


def _break(tune: Tune, part: range) -> list[int]:
    heads = [index for index in part if tune.bars[index].length >= tune.metre.length / 2] or [part.start]
    lines = max(1, (len(heads) + 1) // BARS_A_LINE)
    starts = _split(heads, lines)
    while lines < len(heads) and _fullest(tune, [*starts, part.stop]) > CROWDED:
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
