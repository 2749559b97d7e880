"""What simulated members like, among what a prompt leaves open: a measure of tunes, and a threshold."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from model.encoding.tokenizer import NormalizedTune
from model.features.statistics import bars_of, different_parts, intervals, notes_of
from model.music.parts import Part

WIDE = 5  # semitones: a fourth
LIKED = 0.28  # share of the first version's tunes that are liked

Measure = Callable[[NormalizedTune], float]


def wide_leaps(tune: NormalizedTune) -> float:
    """Share of intervals from note to note, inside parts, of a fourth or more."""
    steps = [step for part in different_parts(tune) for step in intervals(_pitches(part))]
    return fmean(abs(step) >= WIDE for step in steps) if steps else 0.0


def few_notes(tune: NormalizedTune) -> float:
    """Bars per note and rest."""
    return len(bars_of(tune)) / max(1, len(notes_of(tune)))


def high_second_part(tune: NormalizedTune) -> float:
    """Semitones from the mean pitch of the first part up to that of the second; 0 where there is none."""
    means = [fmean(pitches) for part in different_parts(tune) if (pitches := _pitches(part))]
    return means[1] - means[0] if len(means) > 1 else 0.0


def much_repetition(tune: NormalizedTune) -> float:
    """Share of bars that occur earlier in the tune."""
    bars = bars_of(tune)
    return fmean(bar in bars[:place] for place, bar in enumerate(bars)) if bars else 0.0


MEASURES: dict[str, Measure] = {
    "wide leaps": wide_leaps,
    "few notes": few_notes,
    "high second part": high_second_part,
    "much repetition": much_repetition,
}


def _pitches(part: Part) -> list[int]:
    return [note.pitch.midi for bar in (part.pickup, *part.bars) for note in bar if note.pitch]


@dataclass(frozen=True)
class SimulatedPreference:
    """Likes a tune whose measure is above what LIKED of the first version's tunes of its rhythm reach."""

    measure: Measure
    thresholds: dict[str, float]  # by rhythm

    @classmethod
    def of(cls, measure: Measure, tunes: Sequence[NormalizedTune]) -> "SimulatedPreference":
        """With the thresholds that `tunes` of the first version set."""
        by_rhythm: dict[str, list[float]] = defaultdict(list)
        for tune in tunes:
            by_rhythm[tune.rhythm].append(measure(tune))
        return cls(
            measure, {name: sorted(values)[int(len(values) * (1 - LIKED))] for name, values in by_rhythm.items()}
        )

    def likes(self, tune: NormalizedTune) -> bool:
        return self.measure(tune) > self.thresholds[tune.rhythm]
