"""When notes sound: repeats played out, ties joined, the swing of the dance, all in ticks.

How uneven the notes of a beat are. Players' and teachers' accounts agree on the direction: pairs are heavy-light, the
first of a jig's three is the longest and the second the shortest (A. Ng, irishtune.info/rhythm), and hornpipes are
more uneven than reels. Measurements bound the amount: five fiddlers play a reel's pairs unevenly, by an amount that
differs with the beat (K. M. Glen, Expressive Microtimings and Groove in Scottish Gaelic Fiddle Music, UBC 2015), and
however fast the music, the short note of a pair stays about 100 ms long, so that fast music is more even (A. Friberg
and A. Sundström, Music Perception 19/3, 2002, measured in jazz). So hornpipes, at 76, have 63 to 37, a short note of
146 ms, and reels, at 100, have 54 to 46; at any faster tempo pairs are as even as the 100 ms demand.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from bot.render.performance.players import TICKS
from model.music.grid import GRID, bar_lengths, bar_places, units
from model.music.tune import Tune

_QUARTER = GRID // 4
_SHORTEST = 0.1  # seconds


class PlayedBar(NamedTuple):
    """The bar with index `bar` as it is played for the `time`-th time, from 0.

    It begins at `start`, in ticks, where a full bar would begin: a pickup's `place`, in ticks, is what it leaves out.
    """

    bar: int
    time: int
    start: int
    place: int
    length: int


class Note(NamedTuple):
    """A note of the melody, ties joined, in ticks.

    `place` is where in a full bar it begins on paper and `written` how long it is there, in units of the grid.
    """

    start: int
    end: int
    pitch: int
    place: int
    written: int
    bar: PlayedBar


class Swing:
    """Moves places inside a beat. `points` are where its inner divisions fall, in thousandths: (540,), (370, 660)."""

    def __init__(self, points: Sequence[int], beat: int, quarters: float) -> None:
        self._beat = beat  # in units of the grid
        self._seconds = beat / _QUARTER * 60 / quarters
        self._even = [beat * number // (len(points) + 1) for number in range(1, len(points) + 1)]
        self._moved = [beat * point // 1000 for point in self._limited(points)]

    def _limited(self, points: Sequence[int]) -> list[int]:
        """No note of a pair shorter than 100 ms, unless even ones are."""
        if len(points) > 1:
            return list(points)
        return [max(500, min(point, 1000 - round(1000 * _SHORTEST / self._seconds))) for point in points]

    def edges(self, edges: Sequence[int]) -> list[int]:
        """Where the edges of notes, in units of the grid, are played. Beats, tuplets and dotted pairs stay."""
        inside: dict[int, list[int]] = {}
        for edge in edges:
            if edge % self._beat:
                inside.setdefault(edge // self._beat, []).append(edge % self._beat)
        swung = {beat for beat, places in inside.items() if all(place in self._even for place in places)}
        return [self._at(edge) if edge // self._beat in swung else edge for edge in edges]

    def _at(self, edge: int) -> int:
        place = edge % self._beat
        return edge - place + self._moved[self._even.index(place)] if place else edge


def ticks(place: int) -> int:
    """Units of the grid in ticks, rounded."""
    return (2 * place * 4 * TICKS + GRID) // (2 * GRID)


def played_bars(tune: Tune) -> list[PlayedBar]:
    """The bars of `tune` in the order they sound."""
    lengths = bar_lengths(tune.bars)
    places = bar_places(lengths, tune.bars, tune.metre)
    times = [0] * len(lengths)
    played: list[PlayedBar] = []
    begun = 0  # in units of the grid, so that roundings do not add up
    for bar in tune.played_order():
        start = ticks(begun)
        place = ticks(places[bar])
        played.append(PlayedBar(bar, times[bar], start - place, place, ticks(begun + lengths[bar]) - start))
        times[bar] += 1
        begun += lengths[bar]
    return played


def played_notes(tune: Tune, bars: Sequence[PlayedBar], swing: Swing) -> Iterator[Note]:
    """The melody's notes in the order they sound."""
    places = bar_places(bar_lengths(tune.bars), tune.bars, tune.metre)
    cut = [edges_of(tune, index, place, swing) for index, place in enumerate(places)]
    held: Note | None = None  # a note that is tied to the next
    for bar in bars:
        for note, (place, written, start, end) in zip(tune.bars[bar.bar].notes, cut[bar.bar], strict=True):
            pitch = note.pitch.midi if note.pitch else None
            if held is not None and pitch == held.pitch:
                held = held._replace(end=bar.start + end, written=held.written + written)
            else:
                if held is not None:
                    yield held
                sounds = pitch is not None
                held = Note(bar.start + start, bar.start + end, pitch or 0, place, written, bar) if sounds else None
            if held is not None and not note.tied:
                yield held
                held = None
    if held is not None:
        yield held


def edges_of(tune: Tune, index: int, place: int, swing: Swing) -> list[tuple[int, int, int, int]]:
    """For each note of a bar its place and length on paper, in units of the grid, and its start and end in ticks."""
    lengths = [units(note.length) for note in tune.bars[index].notes]
    edges = list(accumulate(lengths, initial=place))
    moved = [ticks(edge) for edge in swing.edges(edges)]
    return list(zip(edges, lengths, moved, moved[1:], strict=False))
