"""Tune -> a performance: repeats played out, the dance's tempo, swing and accents, as a symusic score.

symusic writes the MIDI file and feeds the synthesizer from the same score, in under a millisecond; music21 takes 80.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import symusic

from bot.core.errors import RenderError
from bot.render.layout import bar_starts
from model.errors import InputError
from model.music.rhythm import FIDDLE, Rhythm, named
from model.music.tune import Metre, Note, Tune

TICKS = 960  # to a quarter note
LONGEST = 3600  # seconds; MIDI's delta times stay far from their limit
_QUARTER = Fraction(1, 4)
_SLOWEST, _FASTEST = 20, 400  # quarter notes a minute; a Q: field may say anything
_SOUNDING = Fraction(15, 16)  # of a note's length; the rest is the gap before the next
_LOUD, _MIDDLE, _SOFT = 104, 90, 78  # velocities: first note of a bar, of a beat, others


class Sound(NamedTuple):
    """A note as it is played, ties joined. `start` and `length` in whole notes from the beginning of the tune."""

    pitch: int
    start: Fraction
    length: Fraction
    velocity: int


def perform(tune: Tune) -> symusic.Score:
    """The score of `tune` as its dance is played, 120 quarter notes a minute on the fiddle if that is not known.

    `Tune.tempo` goes before the dance's. Raises RenderError for a tune of more than `LONGEST` seconds.
    """
    rhythm, quarters = _manner(tune)
    if tune.played_length * 4 * 60 > LONGEST * quarters:
        raise RenderError(f"the tune lasts more than {LONGEST // 60} minutes")
    score = symusic.Score(TICKS)
    score.tempos.append(symusic.Tempo(0, qpm=float(quarters)))
    score.time_signatures.append(symusic.TimeSignature(0, tune.metre.beats, tune.metre.unit))
    score.key_signatures.append(symusic.KeySignature(0, tune.key.fifths, int(tune.key.mode == "m")))
    track = symusic.Track(tune.title, rhythm.instrument, False)
    sounds = list(played_sounds(tune, rhythm))
    for sound in sounds:
        share = 1 if sound is sounds[-1] else _SOUNDING
        start, end = _ticks(sound.start), _ticks(sound.start + sound.length * share)
        track.notes.append(symusic.Note(start, max(1, end - start), sound.pitch, sound.velocity))
    score.tracks.append(track)
    return score


def _ticks(length: Fraction) -> int:
    return round(length * 4 * TICKS)


def _manner(tune: Tune) -> tuple[Rhythm, Fraction]:
    """How the tune is played, and its tempo in quarter notes a minute."""
    try:
        rhythm = named(tune.rhythm)
    except InputError:
        beat = Fraction(3, tune.metre.unit) if tune.metre.compound else _QUARTER
        rhythm = Rhythm("", tune.metre, beat, int(120 * _QUARTER / beat), instrument=FIDDLE)
    beat, tempo = tune.tempo or (rhythm.beat, rhythm.tempo)
    return rhythm, min(max(beat * 4 * tempo, Fraction(_SLOWEST)), Fraction(_FASTEST))


def played_sounds(tune: Tune, rhythm: Rhythm) -> Iterator[Sound]:
    """The notes in the order they sound, repeats played out, ties joined, pairs of eighths swung."""
    bars = tune.played()
    begun = Fraction(0)  # when the bar begins
    held: Sound | None = None  # a note that is tied to the next
    for bar, place in zip(bars, bar_starts(bars, tune.metre), strict=True):
        for note, start, end in _swung(bar.notes, place, rhythm.swing):
            joined = held is not None and note.pitch is not None and note.pitch.midi == held.pitch
            if held is not None and not joined:
                yield held
            if note.pitch is None:
                held = None
                continue
            if held is not None and joined:
                sound = held._replace(length=held.length + end - start)
            else:
                velocity = _velocity(start, tune.metre, rhythm.beat)
                sound = Sound(note.pitch.midi, begun + start - place, end - start, velocity)
            held = sound if note.tied else None
            if not note.tied:
                yield sound
        begun += bar.length
    if held is not None:
        yield held


def _swung(notes: tuple[Note, ...], place: Fraction, swing: Fraction) -> Iterator[tuple[Note, Fraction, Fraction]]:
    """Each note with its start and end in the bar; the first notes begin at `place`.

    Of two eighths that fill a quarter the first takes the share `swing`. Triplets and dotted pairs stay as written.
    """
    edges = [place]
    for note in notes:
        edges.append(edges[-1] + note.length)
    inside: dict[int, list[Fraction]] = {}  # quarter -> the edges within it
    for edge in edges:
        if edge % _QUARTER:
            inside.setdefault(edge // _QUARTER, []).append(edge)
    moved = [
        edge + (swing - Fraction(1, 2)) * _QUARTER
        if edge % _QUARTER == _QUARTER / 2 and len(inside[edge // _QUARTER]) == 1
        else edge
        for edge in edges
    ]
    return ((note, start, end) for note, (start, end) in zip(notes, pairwise(moved), strict=True))


def _velocity(place: Fraction, metre: Metre, beat: Fraction) -> int:
    if place % metre.length == 0:
        return _LOUD
    return _MIDDLE if place % beat == 0 else _SOFT
