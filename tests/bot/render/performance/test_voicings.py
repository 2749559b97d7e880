from itertools import pairwise, product

from bot.render.performance.voicings import BOUZOUKI, GUITAR, near, step_towards, voice_led
from model.music.chord_symbols import ChordTones, chord_tones


def chord(name: str) -> ChordTones:
    found = chord_tones(name)
    assert found is not None
    return found


def test_a_strum_has_the_tones_of_its_chord_within_reach() -> None:
    for root, kind in product(("C", "F#", "Bb", "E"), ("", "m", "7", "dim", "sus4", "5")):
        voicing = voice_led(chord(root + kind), None, GUITAR, True)
        assert {pitch % 12 for pitch in voicing} <= set(chord(root + kind).tones)
        assert GUITAR[0] <= voicing[0] < voicing[-1] <= GUITAR[1] + 12
        assert list(voicing) == sorted(set(voicing))


def test_a_bouzouki_leaves_out_the_third() -> None:
    assert {pitch % 12 for pitch in voice_led(chord("Em"), None, BOUZOUKI, False)} == {4, 11}


def test_voices_move_little_from_chord_to_chord() -> None:
    voicings = [voice_led(chord("D"), None, GUITAR, True)]
    for name in ("G", "A", "Bm", "Em", "A7", "D"):
        voicings.append(voice_led(chord(name), voicings[-1], GUITAR, True))
    moves = [abs(a - b) for before, after in pairwise(voicings) for a, b in zip(before, after, strict=True)]
    assert sum(moves) / len(moves) < 3
    assert max(moves) <= 7


def test_a_bass_takes_the_nearest_note_and_steps_of_the_scale() -> None:
    assert near(4, 41, (28, 45)) == 40
    assert near(4, 30, (28, 45)) == 28
    assert step_towards(38, (2, 4, 6, 7, 9, 11, 1), (28, 45)) == 37
    assert step_towards(28, (4, 6, 7, 9, 11, 0, 2), (28, 45)) == 30
