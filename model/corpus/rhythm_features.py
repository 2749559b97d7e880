"""What tells one dance from another: how many notes a bar has, how long they are, and how phrases begin and end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from model.music.tune import Bar, Note, Tune

_LENGTHS = ("1", "1/2", "1/3", "1/4", "1/6", "1/8", "1/9", "1/12", "1/16", "2/3", "2/9", "3/8", "3/16")  # of a bar
_HALVES = (  # note lengths of half a bar, in halves
    *("1", "1/2 1/2", "1/4 1/4 1/4 1/4", "1/2 1/4 1/4", "1/4 1/4 1/2", "1/4 1/2 1/4", "1/6 1/6 1/6 1/4 1/4"),
    *("3/8 1/8 3/8 1/8", "1/8 3/8 1/8 3/8", "3/8 1/8 1/2", "1/2 3/8 1/8", "1/3 1/3 1/3", "2/3 1/3", "1/3 2/3"),
)
_LEAP = 5  # semitones


def features(tune: Tune) -> dict[str, float]:
    """By name, in the same order for every tune. Lengths are shares of a bar, counts are those of an average bar."""
    full = tune.metre.length
    bars = [bar for bar in tune.bars if bar.length == full] or list(tune.bars)
    ends = [bar for bar in tune.bars if bar.double or bar.end_repeat or bar is tune.bars[-1]]
    notes = [note for bar in bars for note in bar.notes]
    first = tune.bars[0].length / full
    return {
        "notes": len(notes) / len(bars),
        **_lengths(notes, full),
        **{name: count / len(bars) for name, count in _pairs(bars, full).items()},
        **_halves(bars, full),
        "bars of long notes": _share(all(note.length >= full / 4 for note in bar.notes) for bar in bars),
        "bars of short notes": _share(len(bar.notes) > 6 for bar in bars),
        "leaps": _share(_intervals(notes)),
        "pickup": float(first) if first < 1 else 0.0,
        "bars": float(len(tune.bars)),
        "repeats": float(sum(bar.end_repeat for bar in tune.bars)),
        "parts": float(len(ends)),
        "notes of last bars": sum(len(bar.notes) for bar in ends) / len(ends),
        "three quarters at last": _share(
            [n.length / full for n in bar.notes[:3]] == [Fraction(1, 4)] * 3 for bar in ends
        ),
        "last note": sum(float(bar.notes[-1].length / full) for bar in ends) / len(ends),
    }


def _share(truths: Iterator[bool]) -> float:
    found = list(truths)
    return sum(found) / len(found) if found else 0.0


def _lengths(notes: Sequence[Note], full: Fraction) -> dict[str, float]:
    """The share of the notes that have each length, and that are of triplets where the metre is not one of three."""
    counts = Counter(note.length / full for note in notes)
    shares = {f"length {length}": counts[Fraction(length)] / len(notes) for length in _LENGTHS}
    thirds = sum(count for length, count in counts.items() if length.denominator % 3 == 0)
    return shares | {"triplets": thirds / len(notes) if full.numerator % 3 else 0.0}


def _halves(bars: Sequence[Bar], full: Fraction) -> dict[str, float]:
    """The share of the half bars that have each rhythm."""
    counts: Counter[tuple[Fraction, ...]] = Counter()
    for bar in bars:
        onset, half = Fraction(0), []
        for note in bar.notes:
            half.append(note.length * 2 / full)
            onset += note.length
            if onset in (full / 2, full):
                counts[tuple(half)] += 1
                half = []
    total = max(1, counts.total())
    return {f"half {name}": counts[tuple(map(Fraction, name.split()))] / total for name in _HALVES}


def _pairs(bars: Sequence[Bar], full: Fraction) -> dict[str, int]:
    """Pairs of neighbours that are dotted, snapped (short before long) and even and short."""
    counts = {"dotted pairs": 0, "snaps": 0, "even pairs": 0}
    for bar in bars:
        for first, second in pairwise(bar.notes):
            if first.pitch is None or second.pitch is None:
                continue
            counts["dotted pairs"] += first.length == 3 * second.length
            counts["snaps"] += second.length == 3 * first.length
            counts["even pairs"] += first.length == second.length <= full / 8
    return counts


def _intervals(notes: Sequence[Note]) -> Iterator[bool]:
    pitches = [note.pitch.midi for note in notes if note.pitch]
    return (abs(first - second) >= _LEAP for first, second in pairwise(pitches))
