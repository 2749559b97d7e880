"""Features of a tune that no critic counts, for the judges of `evaluate`; pitch heights are left out.

Steps are in lines of the staff, see Pitch.line: what is chromatic does not count.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain, pairwise
from statistics import fmean

from model.encoding.tokenizer import NormalizedTune, ticks
from model.features.idioms import half_bar_transposed, rocking_share, sequence_tunes
from model.features.statistics import bars_of, different_parts, notes_of
from model.music.melodic_sequences import half_bars
from model.music.parts import Notes

WIDEST = 3  # steps that pairs of them are counted by
FIRST_NOTES = 4  # the widest step between bars' first notes
LAGS = (2, 3, 4, 5, 6, 8)  # notes
HALF_BARS = (1, 2, 3, 4, 8)
PLACES = 8  # of a bar
TRIAD = (0, 4, 7)  # semitones above the tonic, with the third of minor modes:
MINOR_TRIAD = (0, 3, 7)


def phrase_features(tune: NormalizedTune) -> dict[str, float]:
    """Value by name: the same names for every tune, in the same order."""
    lines = [note.pitch.line for note in notes_of(tune) if note.pitch]
    return {**_steps(lines), **_half_bars(tune), **_bars(tune), **_places(tune), **_parts(tune)}


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 0.0


def _steps(lines: Sequence[int]) -> dict[str, float]:
    steps = [after - before for before, after in pairwise(lines)]
    clipped = [max(-WIDEST, min(WIDEST, step)) for step in steps]
    pairs, total = Counter(pairwise(clipped)), max(1, len(clipped) - 1)
    sizes = range(-WIDEST, WIDEST + 1)
    found = {f"step {a:+d} then {b:+d}": pairs[a, b] / total for a in sizes for b in sizes}
    found |= {
        f"line {lag} notes before": _share(a == b for a, b in zip(lines, lines[lag:], strict=False)) for lag in LAGS
    }
    runs, triads = Counter(_runs(steps)), pairwise(steps)
    found |= {f"runs of {length} steps": runs[length] / max(1, len(steps)) for length in (2, 3, 4, 5, 6)}
    return found | {"arpeggios": _share(a == b and abs(a) == 2 for a, b in triads)}


def _runs(steps: Sequence[int]) -> list[int]:
    """How many steps in a row go by single steps one way, for each such run."""
    runs = [1] if steps else []
    for before, after in pairwise(steps):
        if before == after and abs(after) == 1:
            runs[-1] += 1
        else:
            runs.append(1)
    return runs


def _half_bars(tune: NormalizedTune) -> dict[str, float]:
    halves = half_bars(bars_of(tune), tune.metre)
    found = {
        f"half bar {lag} before": _share(a == b and bool(a) for a, b in zip(halves, halves[lag:], strict=False))
        for lag in HALF_BARS
    }
    return found | {
        "half bars transposed": half_bar_transposed([tune]),
        "bars transposed": sequence_tunes([tune]),
        "rocking": rocking_share([tune]),
    }


def _bars(tune: NormalizedTune) -> dict[str, float]:
    bars = [sounding for bar in bars_of(tune) if (sounding := [note for note in bar if note.pitch])]
    firsts = [bar[0].pitch.line for bar in bars if bar[0].pitch]
    moves = Counter(max(-FIRST_NOTES, min(FIRST_NOTES, b - a)) for a, b in pairwise(firsts))
    found = {f"first notes {move:+d}": moves[move] / max(1, len(bars) - 1) for move in range(-FIRST_NOTES, 5)}
    rhythms = Counter(tuple(note.length for note in bar) for bar in bars_of(tune))
    across = [(a[-1].pitch, b[0].pitch) for a, b in pairwise(bars)]
    return found | {
        "bars of the commonest rhythm": max(rhythms.values()) / rhythms.total(),
        "bars that begin as they end": _share(bar[0].pitch == bar[-1].pitch for bar in bars),
        "bars that begin as the last ended": _share(a == b for a, b in across),
        "steps over bar lines": _share(bool(a and b and abs(a.line - b.line) == 1) for a, b in across),
    }


def _places(tune: NormalizedTune) -> dict[str, float]:
    triad = MINOR_TRIAD if tune.mode in ("m", "dor", "phr", "loc") else TRIAD
    chord: dict[int, list[bool]] = {place: [] for place in range(PLACES)}
    for bar in bars_of(tune):
        position = Fraction(0)
        for note in bar:
            if note.pitch:
                chord[int(position * PLACES / tune.metre) % PLACES].append(note.pitch.midi % 12 in triad)
            position += note.length
    return {f"chord tones at place {place}": _share(found) for place, found in chord.items()}


def _parts(tune: NormalizedTune) -> dict[str, float]:
    parts = [part.bars for part in different_parts(tune)]
    tops = [[_top(bar) for bar in bars] for bars in parts]
    highest = [heights.index(max(heights)) / len(heights) for heights in tops]
    ends = [_middle(bars) for bars in parts]
    figures = [Counter(_figures(bars)) for bars in parts]
    shared = sum((figures[0] & figures[-1]).values()) / max(1, figures[-1].total())
    found = {f"middle on degree {degree}": _share(end == degree for end in ends) for degree in (0, 2, 4, 5, 7, 9, 11)}
    return found | {"place of the highest bar": fmean(highest), "figures of the first part in the last": shared}


def _top(bar: Notes) -> int:
    return max((note.pitch.midi for note in bar if note.pitch), default=0)


def _middle(bars: Sequence[Notes]) -> int | None:
    """The degree of the last note before a part's second half, in semitones above the tonic."""
    notes = [note for bar in bars[: len(bars) // 2] for note in bar if note.pitch]
    return notes[-1].pitch.midi % 12 if notes and notes[-1].pitch else None


def _figures(bars: Sequence[Notes]) -> list[tuple[tuple[int, int], ...]]:
    """Each three notes in a row, by pitch and ticks."""
    notes = [(note.pitch.midi, ticks(note.length)) for note in chain.from_iterable(bars) if note.pitch]
    return list(zip(notes, notes[1:], notes[2:], strict=False))
