"""Hidden tastes of simulated members, over what a prompt leaves free: a number for each tune, and who likes it."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from model.encoding.tokenizer import NormalizedTune
from model.features.statistics import bars_of, different_parts, intervals, notes_of
from model.music.parts import Part

WIDE = 5  # semitones: a fourth
LIKED = 0.28  # share of the first version's tunes that a taste likes


def wide_leaps(song: NormalizedTune) -> float:
    """Share of steps from note to note, inside parts, of a fourth or more."""
    moves = [move for part in different_parts(song) for move in intervals(_pitches(part))]
    return fmean(abs(move) >= WIDE for move in moves) if moves else 0.0


def few_notes(song: NormalizedTune) -> float:
    """Bars per note and rest."""
    return len(bars_of(song)) / max(1, len(notes_of(song)))


def high_second_part(song: NormalizedTune) -> float:
    """Semitones from the mean pitch of the first part up to that of the second; 0 where there is none."""
    means = [fmean(pitches) for part in different_parts(song) if (pitches := _pitches(part))]
    return means[1] - means[0] if len(means) > 1 else 0.0


def much_repetition(song: NormalizedTune) -> float:
    """Share of bars that stood in the tune before."""
    bars = bars_of(song)
    return fmean(bar in bars[:place] for place, bar in enumerate(bars)) if bars else 0.0


TASTES: dict[str, Callable[[NormalizedTune], float]] = {
    "wide leaps": wide_leaps,
    "few notes": few_notes,
    "high second part": high_second_part,
    "much repetition": much_repetition,
}


def _pitches(part: Part) -> list[int]:
    return [note.pitch.midi for bar in (part.pickup, *part.bars) for note in bar if note.pitch]


@dataclass(frozen=True)
class Taste:
    """Likes a tune whose measure is above what LIKED of the first version's tunes of its rhythm reach."""

    measure: Callable[[NormalizedTune], float]
    thresholds: dict[str, float]

    @classmethod
    def of(cls, measure: Callable[[NormalizedTune], float], songs: Sequence[NormalizedTune]) -> "Taste":
        by_rhythm: dict[str, list[float]] = defaultdict(list)
        for song in songs:
            by_rhythm[song.rhythm].append(measure(song))
        return cls(
            measure, {name: sorted(values)[int(len(values) * (1 - LIKED))] for name, values in by_rhythm.items()}
        )

    def likes(self, song: NormalizedTune) -> bool:
        return self.measure(song) > self.thresholds[song.rhythm]
