import io
from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from typing import Any

import pytest
import symusic

from bot.core.errors import RenderError
from bot.render import midi
from model.music.abc_reader import parse
from model.music.tune import Tune
from tests.bot.render.tunes import HORNPIPE, JIG, REEL

mido = import_module("mido")  # it has no types
HEADER = "X:1\nT:Test\nR:hornpipe\nM:4/4\nL:1/8\nK:D\n"


def midi_file(tune: Tune) -> Any:
    return mido.MidiFile(file=io.BytesIO(midi.perform(tune).dumps_midi()))


def starts(abc: str) -> list[Fraction]:
    return [Fraction(note.start, 4 * midi.TICKS) for note in midi.perform(parse(abc)).tracks[0].notes]


@pytest.mark.parametrize(("abc", "beat", "tempo"), [(JIG, Fraction(3, 8), 112), (REEL, Fraction(1, 2), 100)])
def test_the_repeats_are_played_out_at_the_tempo_of_the_dance(abc: str, beat: Fraction, tempo: int) -> None:
    tune = parse(abc)
    file = midi_file(tune)
    played = [note for bar in tune.played() for note in bar.notes]
    began = [message for message in file.tracks[0] if message.type == "note_on" and message.velocity]
    ties = sum(note.tied for note in played)
    assert [message.note for message in began if message.note] == [
        note.pitch.midi
        for before, note in zip([None, *played], played, strict=False)
        if note.pitch and not (before and before.tied)
    ]
    assert len(began) == len(played) - ties
    assert file.length == pytest.approx(float(tune.played_length / beat) * 60 / tempo, abs=0.02)


def test_the_title_instrument_key_and_metre_are_in_the_file() -> None:
    messages = {message.type: message for message in midi_file(parse(JIG)).tracks[0]}
    assert messages["track_name"].name.encode("latin-1").decode() == "Tatter Jack Éirinn's Café"
    assert messages["program_change"].program == 40
    assert (messages["time_signature"].numerator, messages["time_signature"].denominator) == (6, 8)
    assert messages["key_signature"].key == "F#m"


def test_hornpipes_swing_their_even_eighths_and_nothing_else() -> None:
    swung = Fraction(5, 32)
    assert starts(HEADER + "dcBA (3ABc d>e|")[:2] == [0, swung]
    assert starts(HEADER + "d2 (3ABc d>e f2|") == [
        0,
        *(Fraction(n, 12) for n in (3, 4, 5)),
        *(Fraction(n, 16) for n in (8, 11, 12)),
    ]
    assert starts(HEADER.replace("hornpipe", "reel") + "dcBA d4|")[:2] == [0, Fraction(1, 8)]


def test_the_beat_is_accented() -> None:
    velocities = [note.velocity for note in midi.perform(parse(REEL)).tracks[0].notes[2:10]]
    assert velocities[0] > velocities[4] > max(velocities[1:4] + velocities[5:])


def test_an_unknown_rhythm_goes_at_120_quarters_on_the_fiddle() -> None:
    score = midi.perform(replace(parse(REEL), rhythm="schottische"))
    assert score.tempos[0].qpm == pytest.approx(120, abs=0.01)
    assert score.tracks[0].program == 40


def test_a_tempo_of_the_tune_goes_before_that_of_its_rhythm() -> None:
    score = midi.perform(replace(parse(REEL), tempo=(Fraction(1, 2), 70)))
    assert score.tempos[0].qpm == pytest.approx(140, abs=0.01)


@pytest.mark.parametrize("tempo", [(Fraction(0), 0), (Fraction(100), 10**9)])
def test_an_absurd_tempo_is_brought_within_reason(tempo: tuple[Fraction, int]) -> None:
    assert 0 < midi.perform(replace(parse(REEL), tempo=tempo)).to("second").end() < 400


def test_a_tune_of_hours_is_refused() -> None:
    with pytest.raises(RenderError, match="60 minutes"):
        midi.perform(parse(HEADER + "d9999|" * 5))


def test_other_readers_accept_the_file() -> None:
    data = midi.perform(parse(HORNPIPE)).dumps_midi()
    assert symusic.Score.from_midi(data).note_num() == midi.perform(parse(HORNPIPE)).note_num()
