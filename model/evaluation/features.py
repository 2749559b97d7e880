"""A tune as numbers that do not depend on its key, for the two-sample test.

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
from itertools import pairwise
from math import log2
from statistics import fmean, pstdev

from model.evaluation.habits import LAGS, bars_of, chromatic_share, different_parts, intervals, notes_of
from model.form import Notes, Part
from model.notation import Note
from model.tokens import Song, ticks

LENGTHS = (3, 4, 6, 8, 9, 12, 16, 18, 24, 36, 48, 72, 96)  # ticks
RATIOS = {"even": (1, 1), "long-short": (3, 1), "short-long": (1, 3), "halving": (2, 1), "doubling": (1, 2)}
WIDEST = 12  # semitones
ONSETS = 12  # places in a bar
LEAP = 4  # semitones; wider is a leap


def features(song: Song) -> dict[str, float]:
    """The same names for every song, in the same order."""
    return {**_pitches(song), **_lengths(song), **_bars(song), **_returns(song), **_shape(song), **_edges(song)}


def _share(counts: Counter[int], value: int) -> float:
    total = counts.total()
    return counts[value] / total if total else 0.0


def _entropy(values: Iterable[Hashable]) -> float:
    """In bits."""
    counts = Counter(values)
    total = counts.total()
    return -sum(n / total * log2(n / total) for n in counts.values()) if total else 0.0


def _sounding(notes: Iterable[Note]) -> list[int]:
    """MIDI pitches, rests left out."""
    return [note.pitch.midi for note in notes if note.pitch]


def _pitches(song: Song) -> dict[str, float]:
    time = Counter[int]()
    for note in notes_of(song):
        if note.pitch:
            time[note.pitch.midi % 12] += ticks(note.length)
    strong = Counter(pitch % 12 for bar in bars_of(song) for pitch in _sounding(bar[:1]))
    pitches = _sounding(notes_of(song))
    moves = intervals(pitches)
    steps = Counter(max(-WIDEST, min(WIDEST, move)) for move in moves)
    found = {f"degree {d}": _share(time, d) for d in range(12)}
    found |= {f"strong degree {d}": _share(strong, d) for d in range(12)}
    found |= {f"interval {i:+d}": _share(steps, i) for i in range(-WIDEST, WIDEST + 1)}
    return found | {
        "chromatic notes": chromatic_share(song),
        "pitches": float(len(set(pitches))),
        "entropy of pitches": _entropy(pitches),
        "entropy of intervals": _entropy(moves),
        "entropy of pairs of intervals": _entropy(pairwise(moves)),
    }


def _lengths(song: Song) -> dict[str, float]:
    notes = notes_of(song)
    lengths = [ticks(note.length) for note in notes]
    counts = Counter(lengths)
    found = {f"length {length}": _share(counts, length) for length in LENGTHS}
    found["length other"] = 1 - sum(found.values())
    pairs = list(pairwise(lengths))
    for name, (one, two) in RATIOS.items():
        found[f"figure {name}"] = sum(a * two == b * one for a, b in pairs) / max(1, len(pairs))
    found["triplet notes"] = sum(length % 3 != 0 for length in lengths) / max(1, len(lengths))
    found["rests"] = sum(note.pitch is None for note in notes) / max(1, len(notes))
    found["entropy of lengths"] = _entropy(lengths)
    return found


def _rhythm(bar: Notes) -> tuple[int, ...]:
    return tuple(ticks(note.length) * (1 if note.pitch else -1) for note in bar)


def _contour(bar: Notes) -> tuple[int, ...]:
    return tuple(intervals(_sounding(bar)))


def _bars(song: Song) -> dict[str, float]:
    bars = bars_of(song)
    full = ticks(song.metre)
    begins = Counter[int]()
    for bar in bars:
        at = 0
        places = set()
        for note in bar:
            places.add(at * ONSETS // full)
            at += ticks(note.length)
        begins.update(places)
    counts = [len(bar) for bar in bars]
    found = {f"onset {place}": begins[place] / len(bars) for place in range(ONSETS)}
    return found | {
        "notes a bar": fmean(counts),
        "notes a bar, spread": pstdev(counts),
        "notes in the fullest bar": float(max(counts)),
        "notes in the emptiest bar": float(min(counts)),
        "different bars": len(set(bars)) / len(bars),
        "different rhythms of bars": len({_rhythm(bar) for bar in bars}) / len(bars),
        "different shapes of bars": len({_contour(bar) for bar in bars}) / len(bars),
    }


def _equal(values: Sequence[object], lag: int) -> float:
    pairs = list(zip(values, values[lag:], strict=False))
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else 0.0


def _returns(song: Song) -> dict[str, float]:
    bars = bars_of(song)
    kinds: dict[str, list[object]] = {
        "": list(bars),
        " in rhythm": [_rhythm(bar) for bar in bars],
        " in shape": [_contour(bar) for bar in bars],
        " on its first note": [_sounding(bar)[:1] for bar in bars],
    }
    found = {f"lag {lag}{kind}": _equal(values, lag) for kind, values in kinds.items() for lag in LAGS}
    parts = different_parts(song)
    first, second = parts[0].bars, parts[-1].bars
    found["later part's bars from the first"] = sum(bar in first for bar in second) / len(second)
    found["last two bars alike"] = float(first[-2:] == second[-2:])
    found["halves of a part alike"] = fmean(_halves(part) for part in parts)
    return found


def _halves(part: Part) -> float:
    half = len(part.bars) // 2
    pairs = list(zip(part.bars[:half], part.bars[half:], strict=False))
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else 0.0


def _shape(song: Song) -> dict[str, float]:
    pitches = _sounding(notes_of(song))
    moves = intervals(pitches)
    moving = [move for move in moves if move]
    turns = sum(a * b < 0 for a, b in pairwise(moving)) / max(1, len(moving) - 1)
    leaps = [(a, b) for a, b in pairwise(moves) if abs(a) > LEAP]
    by_part = [found for part in different_parts(song) if (found := _part_pitches(part))] or [[0]]
    return {
        "rises": sum(move > 0 for move in moves) / max(1, len(moves)),
        "same again": sum(move == 0 for move in moves) / max(1, len(moves)),
        "turns": turns,
        "longest run": float(_longest_run(moving)),
        "width of intervals": fmean(map(abs, moves)) if moves else 0.0,
        "leaps": len(leaps) / max(1, len(moves)),
        "leaps that turn back": sum(a * b < 0 for a, b in leaps) / max(1, len(leaps)),
        "widest interval": float(max(map(abs, moves), default=0)),
        "range": float(max(pitches) - min(pitches)),
        "lowest above the tonic": float(min(pitches) - 60),
        "highest above the tonic": float(max(pitches) - 60),
        "spread of pitches": pstdev(pitches),
        "later part higher by": fmean(by_part[-1]) - fmean(by_part[0]),
        "later part's top higher by": float(max(by_part[-1]) - max(by_part[0])),
        "bars' first notes, width of intervals": _first_notes(song),
    }


def _part_pitches(part: Part) -> list[int]:
    return [pitch for bar in part.bars for pitch in _sounding(bar)]


def _longest_run(moves: Sequence[int]) -> int:
    longest = run = 0
    last = 0
    for move in moves:
        run = run + 1 if move * last > 0 else 1
        longest, last = max(longest, run), move
    return longest


def _first_notes(song: Song) -> float:
    firsts = [found[0] for bar in bars_of(song) if (found := _sounding(bar))]
    return fmean(map(abs, intervals(firsts))) if len(firsts) > 1 else 0.0


def _edges(song: Song) -> dict[str, float]:
    full = ticks(song.metre)
    parts = different_parts(song)
    found: dict[str, float] = {}
    for name, part in (("first part", parts[0]), ("last part", parts[-1])):
        last, pitches = part.bars[-1], _part_pitches(part) or [60]
        approach = next((p for p in reversed(pitches) if p != pitches[-1]), pitches[-1])
        found[f"end of the {name}, degree"] = float(pitches[-1] % 12)
        found[f"end of the {name}, height"] = float(pitches[-1] - 60)
        found[f"end of the {name}, approach"] = float(approach - pitches[-1])
        found[f"end of the {name}, length"] = ticks(last[-1].length) / full
        found[f"end of the {name}, notes"] = float(len(last))
        found[f"start of the {name}, degree"] = float(pitches[0] % 12)
        found[f"start of the {name}, height"] = float(pitches[0] - 60)
        found[f"pickup of the {name}"] = sum(ticks(note.length) for note in part.pickup) / full
        found[f"pickup of the {name}, notes"] = float(len(part.pickup))
    found["parts with endings"] = fmean(bool(part.endings) for part in song.parts)
    return found
