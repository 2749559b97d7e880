"""A tune as numbers that do not depend on its key, for the critic, the two-sample test and preferences.

degree 0..11            share of sounding time on each semitone above the tonic; `strong`: of bars' first notes
interval -12..12        share of steps from note to note, in semitones; wider ones count as the widest
length ...              share of notes by length in ticks of a 96th; `figure`: of pairs of neighbours, by ratio
onset 0..11             share of bars in which a note begins at each twelfth of the bar
notes a bar, bars ...   how full, how varied, how even
lag 1, 2, 4, 8          share of bars equal to the bar so many before: in all, in rhythm, in shape (intervals)
shape ...               rises, falls, turns, leaps and their return, range, register of one part to another
end, start ...          how parts end and begin: degree, approach, length; pickups, endings
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from math import log2, sqrt
from statistics import fmean
from typing import NamedTuple

from model.encoding.tokenizer import NormalizedTune, ticks
from model.features.statistics import LAGS, chromatic_share, intervals
from model.music.parts import Notes, Part

LENGTHS = (3, 4, 6, 8, 9, 12, 16, 18, 24, 36, 48, 72, 96)  # ticks
RATIOS = {"even": (1, 1), "long-short": (3, 1), "short-long": (1, 3), "halving": (2, 1), "doubling": (1, 2)}
WIDEST = 12  # semitones
ONSETS = 12  # places in a bar
LEAP = 4  # semitones; wider is a leap

_Bar = tuple[tuple[int | None, int], ...]  # MIDI pitch or None for a rest, ticks


class _Part(NamedTuple):
    """As it sounds the last time."""

    pickup: _Bar
    bars: tuple[_Bar, ...]

    @property
    def pitches(self) -> list[int]:
        """Without the pickup."""
        return _sounding(chain.from_iterable(self.bars))


@dataclass(frozen=True)
class _TuneNumbers:
    """A tune as integers, each list made once. Of equal parts only one counts, see statistics.different_parts."""

    normalized: NormalizedTune

    @cached_property
    def parts(self) -> list[_Part]:
        return list(dict.fromkeys(map(_part, self.normalized.parts)))

    @cached_property
    def bars(self) -> list[_Bar]:
        return [bar for part in self.parts for bar in part.bars]

    @cached_property
    def notes(self) -> list[tuple[int | None, int]]:
        return [note for part in self.parts for bar in (part.pickup, *part.bars) for note in bar]

    @cached_property
    def pitches(self) -> list[int]:
        return _sounding(self.notes)

    @cached_property
    def intervals(self) -> list[int]:
        return intervals(self.pitches)

    @cached_property
    def full(self) -> int:
        """Ticks of a bar."""
        return ticks(self.normalized.metre)


def features(normalized: NormalizedTune) -> dict[str, float]:
    """Value by name: the same names for every tune, in the same order; critics' checkpoints list them."""
    tune = _TuneNumbers(normalized)
    return {**_pitches(tune), **_lengths(tune), **_bars(tune), **_returns(tune), **_shape(tune), **_edges(tune)}


def _part(part: Part) -> _Part:
    return _Part(_bar(part.pickup), tuple(map(_bar, part.bars + (part.endings[-1] if part.endings else ()))))


def _bar(notes: Notes) -> _Bar:
    return tuple((note.pitch.midi if note.pitch else None, ticks(note.length)) for note in notes)


def _share(counts: Counter[int], value: int) -> float:
    total = counts.total()
    return counts[value] / total if total else 0.0


def _shares(counts: Counter[int], values: Iterable[int], name: str) -> dict[str, float]:
    total = counts.total() or 1
    return {f"{name} {value}": counts[value] / total for value in values}


def _entropy(values: Iterable[Hashable]) -> float:
    """In bits."""
    counts = Counter(values)
    total = counts.total()
    return -sum(n / total * log2(n / total) for n in counts.values()) if total else 0.0


def _spread(values: Sequence[int]) -> float:
    """Standard deviation. That of the standard library computes in fractions, which is slow."""
    mean = sum(values) / len(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _sounding(notes: Iterable[tuple[int | None, int]]) -> list[int]:
    """MIDI pitches, rests left out."""
    return [pitch for pitch, _ in notes if pitch is not None]


def _pitches(tune: _TuneNumbers) -> dict[str, float]:
    time = Counter[int]()
    for pitch, length in tune.notes:
        if pitch is not None:
            time[pitch % 12] += length
    strong = Counter(pitch % 12 for bar in tune.bars for pitch in _sounding(bar[:1]))
    steps = Counter(max(-WIDEST, min(WIDEST, step)) for step in tune.intervals)
    found = _shares(time, range(12), "degree") | _shares(strong, range(12), "strong degree")
    found |= {f"interval {i:+d}": _share(steps, i) for i in range(-WIDEST, WIDEST + 1)}
    return found | {
        "chromatic notes": chromatic_share(tune.normalized),
        "pitches": float(len(set(tune.pitches))),
        "entropy of pitches": _entropy(tune.pitches),
        "entropy of intervals": _entropy(tune.intervals),
        "entropy of pairs of intervals": _entropy(pairwise(tune.intervals)),
    }


def _lengths(tune: _TuneNumbers) -> dict[str, float]:
    lengths = [length for _, length in tune.notes]
    found = _shares(Counter(lengths), LENGTHS, "length")
    found["length other"] = 1 - sum(found.values())
    pairs = list(pairwise(lengths))
    for name, (one, two) in RATIOS.items():
        found[f"figure {name}"] = sum(a * two == b * one for a, b in pairs) / max(1, len(pairs))
    found["triplet notes"] = sum(length % 3 != 0 for length in lengths) / max(1, len(lengths))
    found["rests"] = sum(pitch is None for pitch, _ in tune.notes) / max(1, len(lengths))
    found["entropy of lengths"] = _entropy(lengths)
    return found


def _rhythm(bar: _Bar) -> tuple[int, ...]:
    return tuple(length if pitch is not None else -length for pitch, length in bar)


def _contour(bar: _Bar) -> tuple[int, ...]:
    return tuple(intervals(_sounding(bar)))


def _bars(tune: _TuneNumbers) -> dict[str, float]:
    bars = tune.bars
    begins = Counter[int]()
    for bar in bars:
        at = 0
        places = set()
        for _, length in bar:
            places.add(at * ONSETS // tune.full)
            at += length
        begins.update(places)
    counts = [len(bar) for bar in bars]
    found = {f"onset {place}": begins[place] / len(bars) for place in range(ONSETS)}
    return found | {
        "notes a bar": sum(counts) / len(counts),
        "notes a bar, spread": _spread(counts),
        "notes in the fullest bar": float(max(counts)),
        "notes in the emptiest bar": float(min(counts)),
        "different bars": len(set(bars)) / len(bars),
        "different rhythms of bars": len(set(map(_rhythm, bars))) / len(bars),
        "different shapes of bars": len(set(map(_contour, bars))) / len(bars),
    }


def _equal(values: Sequence[object], lag: int) -> float:
    pairs = list(zip(values, values[lag:], strict=False))
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else 0.0


def _returns(tune: _TuneNumbers) -> dict[str, float]:
    bars, parts = tune.bars, tune.parts
    kinds: dict[str, list[object]] = {
        "": [*bars],
        " in rhythm": [_rhythm(bar) for bar in bars],
        " in shape": [_contour(bar) for bar in bars],
        " on its first note": [_sounding(bar)[:1] for bar in bars],
    }
    found = {f"lag {lag}{kind}": _equal(values, lag) for kind, values in kinds.items() for lag in LAGS}
    first, second = parts[0].bars, parts[-1].bars
    found["later part's bars from the first"] = sum(bar in first for bar in second) / len(second)
    found["last two bars alike"] = float(first[-2:] == second[-2:])
    found["halves of a part alike"] = fmean(_halves(part) for part in parts)
    return found


def _halves(part: _Part) -> float:
    half = len(part.bars) // 2
    pairs = list(zip(part.bars[:half], part.bars[half:], strict=False))
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else 0.0


def _shape(tune: _TuneNumbers) -> dict[str, float]:
    pitches, steps = tune.pitches, tune.intervals
    moving = [step for step in steps if step]
    turns = sum(a * b < 0 for a, b in pairwise(moving)) / max(1, len(moving) - 1)
    leaps = [(a, b) for a, b in pairwise(steps) if abs(a) > LEAP]
    by_part = [found for part in tune.parts if (found := part.pitches)] or [[0]]
    return {
        "rises": sum(step > 0 for step in steps) / max(1, len(steps)),
        "same again": sum(step == 0 for step in steps) / max(1, len(steps)),
        "turns": turns,
        "longest run": float(_longest_run(moving)),
        "width of intervals": fmean(map(abs, steps)) if steps else 0.0,
        "leaps": len(leaps) / max(1, len(steps)),
        "leaps that turn back": sum(a * b < 0 for a, b in leaps) / max(1, len(leaps)),
        "widest interval": float(max(map(abs, steps), default=0)),
        "range": float(max(pitches) - min(pitches)),
        "lowest above the tonic": float(min(pitches) - 60),
        "highest above the tonic": float(max(pitches) - 60),
        "spread of pitches": _spread(pitches),
        "later part higher by": fmean(by_part[-1]) - fmean(by_part[0]),
        "later part's top higher by": float(max(by_part[-1]) - max(by_part[0])),
        "bars' first notes, width of intervals": _first_notes(tune),
    }


def _longest_run(steps: Sequence[int]) -> int:
    longest = run = 0
    last = 0
    for step in steps:
        run = run + 1 if step * last > 0 else 1
        longest, last = max(longest, run), step
    return longest


def _first_notes(tune: _TuneNumbers) -> float:
    firsts = [found[0] for bar in tune.bars if (found := _sounding(bar))]
    return fmean(map(abs, intervals(firsts))) if len(firsts) > 1 else 0.0


def _edges(tune: _TuneNumbers) -> dict[str, float]:
    full = tune.full
    found: dict[str, float] = {}
    for name, part in (("first part", tune.parts[0]), ("last part", tune.parts[-1])):
        last, pitches = part.bars[-1], part.pitches or [60]
        approach = next((p for p in reversed(pitches) if p != pitches[-1]), pitches[-1])
        found[f"end of the {name}, degree"] = float(pitches[-1] % 12)
        found[f"end of the {name}, height"] = float(pitches[-1] - 60)
        found[f"end of the {name}, approach"] = float(approach - pitches[-1])
        found[f"end of the {name}, length"] = last[-1][1] / full
        found[f"end of the {name}, notes"] = float(len(last))
        found[f"start of the {name}, degree"] = float(pitches[0] % 12)
        found[f"start of the {name}, height"] = float(pitches[0] - 60)
        found[f"pickup of the {name}"] = sum(length for _, length in part.pickup) / full
        found[f"pickup of the {name}, notes"] = float(len(part.pickup))
    found["parts with endings"] = fmean(bool(part.endings) for part in tune.normalized.parts)
    return found
