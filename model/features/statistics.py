"""Habits of a set of tunes that can be set beside those of the books: how bars come back, how parts end."""

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


def different_parts(song: NormalizedTune) -> list[Part]:
    """The parts as they sound the last time, each once: the A that AABA comes back to is not counted again."""
    return list(dict.fromkeys(part.unrepeated() for part in song.parts))


def bars_of(song: NormalizedTune) -> list[Notes]:
    """The bars of `different_parts` in a row, without pickups."""
    return [bar for part in different_parts(song) for bar in part.bars]


def repetition(songs: Iterable[NormalizedTune]) -> dict[int, float]:
    """For each of LAGS, the share of bars with the same notes and lengths as the bar so many bars before."""
    same, all_bars = Counter[int](), Counter[int]()
    for song in songs:
        bars = bars_of(song)
        for lag in LAGS:
            pairs = list(zip(bars, bars[lag:], strict=False))
            same[lag] += sum(one == other for one, other in pairs)
            all_bars[lag] += len(pairs)
    return {lag: same[lag] / all_bars[lag] if all_bars[lag] else 0.0 for lag in LAGS}


def cadences(songs: Sequence[NormalizedTune]) -> dict[str, float]:
    """Shares of tunes and parts by how they end, and how long they rest there.

    An approach is the last note before the final pitch; rests count not. Degrees are of the tonic C that songs are
    spelled on.
    """
    finals = [_ending(part) for song in songs for part in different_parts(song)[-1:]]
    ends = [ending for song in songs for part in different_parts(song) if (ending := _ending(part))]
    approached = [(before, last) for before, last in ends if before is not None]
    return {
        "tunes that end on the tonic": _share(bool(end and end[1] % 12 == 0) for end in finals),
        "parts that end on the tonic": _share(last % 12 == 0 for _, last in ends),
        "parts that end on a note of the tonic chord": _share(last % 12 in TONIC_CHORD for _, last in ends),
        "ends approached by step": _share(abs(before - last) <= 2 for before, last in approached),
        "ends approached from degree 5, 2 or 7": _share(before % 12 in APPROACHES for before, _ in approached),
        "last note of a part, in bars": _last_note(songs),
    }


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 0.0


def _last_note(songs: Iterable[NormalizedTune]) -> float:
    shares = [part.bars[-1][-1].length / song.metre for song in songs for part in different_parts(song)]
    return float(sum(shares) / len(shares)) if shares else 0.0


def _ending(part: Part) -> tuple[int | None, int] | None:
    """The last pitch of `part` and the one before that differs from it; None for a part of rests."""
    pitches = [note.pitch.midi for bar in (part.pickup, *part.bars) for note in bar if note.pitch]
    if not pitches:
        return None
    before = next((pitch for pitch in reversed(pitches) if pitch != pitches[-1]), None)
    return before, pitches[-1]


def notes_of(song: NormalizedTune) -> list[Note]:
    """The notes of `different_parts`, pickups and rests with them."""
    return [note for part in different_parts(song) for bar in (part.pickup, *part.bars) for note in bar]


def length_shares(songs: Iterable[NormalizedTune]) -> dict[int, float]:
    """Share of notes by length in ticks."""
    return _shares(ticks(note.length) for song in songs for note in notes_of(song))


def degree_shares(songs: Iterable[NormalizedTune]) -> dict[int, float]:
    """Share of notes by semitones above the tonic, 0 to 11."""
    return _shares(note.pitch.midi % 12 for song in songs for note in notes_of(song) if note.pitch)


def _shares(values: Iterable[int]) -> dict[int, float]:
    counts = Counter(values)
    return {value: count / counts.total() for value, count in sorted(counts.items())}


def chromatic_share(song: NormalizedTune) -> float:
    """The share of notes outside the scale of the song's mode."""
    signature = Key(0, 0, song.mode).signature
    pitches = [note.pitch for note in notes_of(song) if note.pitch]
    return _share(pitch.alter != signature[pitch.step] for pitch in pitches)


def intervals(pitches: Sequence[int]) -> list[int]:
    """Semitones from each pitch to the next."""
    return [after - before for before, after in pairwise(pitches)]
