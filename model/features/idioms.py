"""Habits of players that a listener would miss: sequences, rocking, snaps, phrases and bars that many tunes share.

Parts count as in model.features.statistics.different_parts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from statistics import fmean

from model.encoding.tokenizer import NormalizedTune, ticks
from model.features.statistics import bars_of, different_parts, notes_of
from model.music.melodic_sequences import BAR_NOTES, HALF_BAR_NOTES, half_bars, in_sequence, rocking
from model.music.parts import Notes

BEAT = 24  # ticks of a strathspey's beat
DOTTED, SNAPPED = (18, 6), (6, 18)  # ticks of its two notes
PHRASED_BARS = 8  # of a slip jig's part


def sequence_tunes(tunes: Sequence[NormalizedTune]) -> float:
    """The share of tunes with a bar that transposes one of the two before it along the scale."""
    return fmean(any(in_sequence(bars_of(tune), BAR_NOTES)) for tune in tunes)


def half_bar_transposed(tunes: Sequence[NormalizedTune]) -> float:
    """The share of half bars of three notes or more that transpose one of the two before them."""
    found = counted = 0
    for tune in tunes:
        halves = half_bars(bars_of(tune), tune.metre)
        found += sum(in_sequence(halves, HALF_BAR_NOTES))
        counted += sum(len(half) >= HALF_BAR_NOTES for half in halves)
    return found / counted if counted else 0.0


def rocking_share(tunes: Sequence[NormalizedTune]) -> float:
    """The share of windows of four neighbouring notes that go to and fro between two pitches."""
    windows = [rocking([note.pitch.midi for note in notes_of(tune) if note.pitch]) for tune in tunes]
    return sum(map(sum, windows)) / max(1, sum(map(len, windows)))


def strathspey_beats(tunes: Iterable[NormalizedTune]) -> dict[str, float]:
    """Of the beats of strathspeys that are divided, the shares that snap, and that neither snap nor are dotted."""
    beats = Counter(chain.from_iterable(_beats(tune) for tune in tunes if tune.rhythm == "strathspey"))
    total = max(1, beats.total())
    even = beats.total() - beats[DOTTED] - beats[SNAPPED]
    return {"snaps": beats[SNAPPED] / total, "even_beats": even / total}


def _beats(tune: NormalizedTune) -> Iterator[tuple[int, ...]]:
    """The lengths of the notes that begin in each beat, where one begins it and another follows."""
    for bar in bars_of(tune):
        found: dict[int, list[int]] = {}
        position = 0
        for note in bar:
            beat, inside = divmod(position, BEAT)
            if inside == 0:
                found[beat] = [ticks(note.length)]
            elif beat in found:
                found[beat].append(ticks(note.length))
            position += ticks(note.length)
        yield from (tuple(lengths) for lengths in found.values() if len(lengths) > 1)


def slip_phrase(tunes: Iterable[NormalizedTune]) -> float | None:
    """The mean share of bars 7 and 8 of slip jigs' parts that has the pitches of bars 3 and 4 in its places."""
    parts = [part for tune in tunes if tune.rhythm == "slip jig" for part in different_parts(tune)]
    shares = [_equal(part.bars[2:4], part.bars[6:8]) for part in parts if part.length == PHRASED_BARS]
    return fmean(shares) if shares else None


def _equal(before: Sequence[Notes], bars: Sequence[Notes]) -> float:
    earlier, later = _by_place(before), _by_place(bars)
    return sum(earlier.get(place, -1) == pitch for place, pitch in later.items()) / len(later)


def _by_place(bars: Sequence[Notes]) -> dict[tuple[int, int], int | None]:
    """MIDI pitch, None for a rest, by the bar and the position at which it begins."""
    found: dict[tuple[int, int], int | None] = {}
    for number, bar in enumerate(bars):
        position = 0
        for note in bar:
            found[number, position] = note.pitch.midi if note.pitch else None
            position += ticks(note.length)
    return found


def shared_bars(tunes: Sequence[NormalizedTune]) -> dict[str, float]:
    """The shares of tunes whose last bar, and of bars that another of the tunes has too, note for note on tonic C."""
    by_tune = [bars_of(tune) for tune in tunes]
    last = Counter(bars[-1] for bars in by_tune)
    having = Counter(chain.from_iterable(set(bars) for bars in by_tune))
    every = [bar for bars in by_tune for bar in bars]
    return {
        "shared_last_bar": fmean(last[bars[-1]] > 1 for bars in by_tune),
        "shared_bar": fmean(having[bar] > 1 for bar in every),
    }
