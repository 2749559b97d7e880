"""Statistics of a set of tunes, to compare with those of the books: how bars repeat, how parts end, which notes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from model.encoding.tokenizer import NormalizedTune, ticks
from model.music.key import Key
from model.music.parts import Notes, Part
from model.music.tune import Note

LAGS = (1, 2, 4, 8)  # bars
APPROACHES = (7, 2, 11, 10)  # semitones above the tonic of the degrees 5, 2 and 7 (sharp or flat)
TONIC_CHORD = (0, 3, 4, 7)


def different_parts(tune: NormalizedTune) -> list[Part]:
    """The parts as they sound the last time, each once: the A that AABA comes back to is not counted again."""
    return list(dict.fromkeys(part.unrepeated() for part in tune.parts))


def bars_of(tune: NormalizedTune) -> list[Notes]:
    """The bars of `different_parts` in a row, without pickups."""
    return [bar for part in different_parts(tune) for bar in part.bars]


def repetition(tunes: Iterable[NormalizedTune]) -> dict[int, float]:
    """For each of LAGS, the share of bars with the same notes and lengths as the bar so many bars before."""
    same, all_bars = Counter[int](), Counter[int]()
    for tune in tunes:
        bars = bars_of(tune)
        for lag in LAGS:
            pairs = list(zip(bars, bars[lag:], strict=False))
            same[lag] += sum(one == other for one, other in pairs)
            all_bars[lag] += len(pairs)
    return {lag: same[lag] / all_bars[lag] if all_bars[lag] else 0.0 for lag in LAGS}


def cadences(tunes: Sequence[NormalizedTune]) -> dict[str, float]:
    """Shares of tunes and parts by how they end, and the mean length of a part's last note in bars.

    An approach is the last note of another pitch before the final one; rests do not count. Degrees count from C, the
    tonic on which normalized tunes are spelled.
    """
    finals = [_ending(part) for tune in tunes for part in different_parts(tune)[-1:]]
    ends = [ending for tune in tunes for part in different_parts(tune) if (ending := _ending(part))]
    approached = [(before, last) for before, last in ends if before is not None]
    return {
        "tunes that end on the tonic": _share(bool(end and end[1] % 12 == 0) for end in finals),
        "parts that end on the tonic": _share(last % 12 == 0 for _, last in ends),
        "parts that end on a note of the tonic chord": _share(last % 12 in TONIC_CHORD for _, last in ends),
        "ends approached by step": _share(abs(before - last) <= 2 for before, last in approached),
        "ends approached from degree 5, 2 or 7": _share(before % 12 in APPROACHES for before, _ in approached),
        "last note of a part, in bars": _last_note(tunes),
    }


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 0.0


def _last_note(tunes: Iterable[NormalizedTune]) -> float:
    shares = [part.bars[-1][-1].length / tune.metre for tune in tunes for part in different_parts(tune)]
    return float(sum(shares) / len(shares)) if shares else 0.0


def _ending(part: Part) -> tuple[int | None, int] | None:
    """The last pitch of `part` and the one before that differs from it; None for a part of rests."""
    pitches = [note.pitch.midi for bar in (part.pickup, *part.bars) for note in bar if note.pitch]
    if not pitches:
        return None
    before = next((pitch for pitch in reversed(pitches) if pitch != pitches[-1]), None)
    return before, pitches[-1]


def notes_of(tune: NormalizedTune) -> list[Note]:
    """The notes and rests of `different_parts`, with pickups."""
    return [note for part in different_parts(tune) for bar in (part.pickup, *part.bars) for note in bar]


def length_shares(tunes: Iterable[NormalizedTune]) -> dict[int, float]:
    """Share of notes by length in ticks."""
    return _shares(ticks(note.length) for tune in tunes for note in notes_of(tune))


def degree_shares(tunes: Iterable[NormalizedTune]) -> dict[int, float]:
    """Share of notes by semitones above the tonic, 0 to 11."""
    return _shares(note.pitch.midi % 12 for tune in tunes for note in notes_of(tune) if note.pitch)


def _shares(values: Iterable[int]) -> dict[int, float]:
    counts = Counter(values)
    return {value: count / counts.total() for value, count in sorted(counts.items())}


def chromatic_share(tune: NormalizedTune) -> float:
    """The share of notes outside the scale of the mode."""
    signature = Key(0, 0, tune.mode).signature
    pitches = [note.pitch for note in notes_of(tune) if note.pitch]
    return _share(pitch.alter != signature[pitch.step] for pitch in pitches)


def intervals(pitches: Sequence[int]) -> list[int]:
    """Semitones from each pitch to the next."""
    return [after - before for before, after in pairwise(pitches)]
