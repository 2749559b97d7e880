from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from bot.core.errors import RenderError
from bot.core.rendering import Playing
from bot.render.performance.perform import perform
from bot.render.performance.players import TICKS, Performance, Player
from bot.render.reading import read
from model.music.abc_reader import parse
from model.music.chord_symbols import chord_tones
from model.music.instruments import INSTRUMENTS
from model.music.rhythm import RHYTHMS
from tests.bot.render.tunes import HORNPIPE, JIG, REEL

HEADER = "X:1\nT:Test\nR:reel\nM:4/4\nL:1/8\nK:D\n"


def player(performance: Performance, *names: str) -> Player:
    return next(player for player in performance.players if player.name in names)


@pytest.mark.parametrize(("abc", "beat", "tempo"), [(JIG, Fraction(3, 8), 112), (REEL, Fraction(1, 2), 100)])
def test_the_repeats_are_played_out_at_the_tempo_of_the_dance(abc: str, beat: Fraction, tempo: int) -> None:
    tune = read(abc)
    performance = perform(tune)
    seconds = performance.end / performance.ticks_a_second
    assert seconds == pytest.approx(float(tune.played_length / beat) * 60 / tempo, abs=0.02)


@pytest.mark.parametrize("abc", [JIG, HORNPIPE, REEL])
@pytest.mark.parametrize("instrument", ["fiddle", "flute", "banjo", "harp"])
def test_what_is_written_on_a_beat_begins_exactly_there(abc: str, instrument: str) -> None:
    tune = read(abc)
    starts = {sound.start for sound in perform(tune, Playing(None, instrument)).players[0].sounds}
    beat = 3 * TICKS // 2 if tune.metre.compound else TICKS
    place, beats = Fraction(0), set()
    first = 4 * TICKS * (tune.metre.length - tune.bars[0].length)
    tied = False
    for bar in tune.played():
        for note in bar.notes:
            at = place * 4 * TICKS
            if note.pitch and not tied and (at + first) % beat == 0:
                beats.add(int(at))
            tied, place = note.tied, place + note.length
    assert len(beats) > 40
    assert beats <= starts


def test_the_beat_is_accented() -> None:
    velocities = [sound.velocity for sound in perform(read(REEL)).players[0].sounds[2:10]]
    assert velocities[0] > velocities[4] > max(velocities[1:4] + velocities[5:])


def test_the_second_time_is_a_little_different_and_the_first_as_written() -> None:
    tune = read(REEL.split("\n|: ed | ceae")[0] + "\n")
    lead = perform(tune, Playing(instrument="fiddle")).players[0]
    half = 8 * 4 * TICKS
    first, second = ([sound for sound in lead.sounds if (sound.start < half) == early] for early in (True, False))
    assert [sound.pitch for sound in first] == [note.pitch.midi for note in tune.notes if note.pitch]
    assert len(second) > len(first)


def test_the_seed_decides_and_without_one_the_notes_do() -> None:
    tune = read(REEL)
    assert perform(tune, Playing(seed=1)).players == perform(tune, Playing(seed=1)).players
    assert perform(tune, Playing(seed=1)).players != perform(tune, Playing(seed=2)).players
    assert perform(tune).players == perform(replace(tune, title="Another")).players


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_the_band_plays_the_chords_of_each_dance(rhythm: str) -> None:
    metre = RHYTHMS[rhythm].metre
    beats = int(metre.length * 8)
    music = "|:" + "|".join(f'"{name}"d{beats}' for name in ("D", "G", "Em", "A7")) + ":|\n"
    performance = perform(parse(f"X:1\nR:{rhythm}\nM:{metre}\nL:1/8\nK:D\n{music}"))
    names = [player.name for player in performance.players]
    assert names[2:] == (["Bass"] if rhythm == "air" else ["Bass", "Bodhrán"])
    assert names[1] in ("Guitar", "Bouzouki")
    bar = round(metre.length * 4 * TICKS)
    strings = [sound for sound in performance.players[1].sounds if sound.start < 7 * bar]
    for name, index in (("D", 0), ("G", 1), ("Em", 2), ("A7", 3), ("D", 4)):
        chord = chord_tones(name)
        here = {sound.pitch % 12 for sound in strings if sound.start // bar == index}
        assert chord is not None
        assert here <= set(chord.tones)
        assert len(here) >= 2
        assert next(s.pitch for s in player(performance, "Bass").sounds if s.start == index * bar) % 12 == chord.root


def test_the_bass_of_a_slash_chord_is_played() -> None:
    performance = perform(parse(HEADER + '"D/F#"d4 "A7/E"e4|"D"d8|"G"g8|"D"d8|]'))
    bass = player(performance, "Bass").sounds
    assert {sound.start: sound.pitch % 12 for sound in bass}[0] == 6
    assert {sound.start: sound.pitch % 12 for sound in bass}[2 * TICKS] == 4


def test_the_band_ends_together_on_the_last_note() -> None:
    performance = perform(read(JIG))
    last = performance.players[0].sounds[-1]
    for one in performance.players[1:]:
        assert next(sound.start for sound in one.sounds if sound.start >= last.start) == last.start
        assert max(sound.end for sound in one.sounds) <= last.end
        assert all(after.start >= before.start for before, after in pairwise(one.sounds))


def test_the_band_is_silent_in_the_pickup_and_where_nobody_wants_it() -> None:
    performance = perform(read(REEL))
    assert min(sound.start for one in performance.players[1:] for sound in one.sounds) == TICKS
    assert [one.name for one in perform(read(REEL), Playing(band=False)).players] == ["Fiddle"]


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_each_instrument_has_its_program_and_sounds_in_its_octave(name: str) -> None:
    lead = perform(read(REEL), Playing(instrument=name, seed=3)).players[0]
    assert (lead.name, lead.program) == (name.capitalize(), INSTRUMENTS[name].program)
    assert min(sound.pitch for sound in lead.sounds) == 69 + 12 * (name == "whistle")


def test_the_tempo_of_a_tune_goes_before_that_of_its_dance() -> None:
    assert perform(read(REEL)).quarters == 200
    assert perform(replace(read(REEL), tempo=(Fraction(1, 4), 90))).quarters == 90


def test_an_unknown_rhythm_goes_at_120_quarters_on_the_fiddle() -> None:
    performance = perform(replace(read(REEL), rhythm="schottische"))
    assert performance.quarters == 120
    assert performance.players[0].name == "Fiddle"


@pytest.mark.parametrize("tempo", [(Fraction(0), 0), (Fraction(100), 10**9)])
def test_an_absurd_tempo_of_a_tune_is_brought_within_reason(tempo: tuple[Fraction, int]) -> None:
    performance = perform(replace(read(REEL), tempo=tempo))
    assert 0 < performance.end / performance.ticks_a_second < 400


def test_rests_alone_and_a_tune_of_hours_are_refused() -> None:
    with pytest.raises(RenderError, match="no notes"):
        perform(parse(HEADER + "z8|"))
    with pytest.raises(RenderError, match="60 minutes"):
        perform(parse(HEADER + "d9999|" * 5))


def test_notes_are_whole_numbers_that_midi_can_hold() -> None:
    for one in perform(read(HORNPIPE)).players:
        for sound in one.sounds:
            assert all(isinstance(value, int) for value in sound)
            assert 0 <= sound.start < sound.end
            assert 0 < sound.pitch < 128
            assert 0 < sound.velocity < 128
