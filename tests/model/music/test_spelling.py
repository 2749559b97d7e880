import pytest

from model.music.key import NATURAL, Key, Pitch, all_keys
from model.music.spelling import HIGHEST, LOWEST, MANY_SHARPS, acceptable, fifths, respelled, transposed, usual

KEYS = [pytest.param(key, id=str(key)) for key in all_keys()]


def named(text: str) -> Pitch:
    """A pitch in the octave of middle C: `F#`."""
    return Pitch("CDEFGAB".index(text[0]), {"": 0, "#": 1, "##": 2, "b": -1, "bb": -2}[text[1:]], 4)


def names(key: str, *pitches: str) -> list[str]:
    written = respelled(map(named, pitches), Key.parse(key))
    return ["CDEFGAB"[p.step] + ("#" * p.alter if p.alter > 0 else "b" * -p.alter) for p in written if p]


@pytest.mark.parametrize("key", KEYS)
def test_every_pitch_has_one_usual_name_and_the_scale_keeps_its_own(key: Key) -> None:
    for midi in range(55, 84):
        pitch = usual(midi, key)
        assert pitch.midi == midi
        assert LOWEST <= fifths(pitch) - key.fifths <= HIGHEST
        leading = key.mode == "m" and key.fifths >= MANY_SHARPS and (midi - key.tonic_class) % 12 == 11
        assert abs(pitch.alter) <= 1 + leading
    for step, alter in enumerate(key.signature):
        assert usual(Pitch(step, alter, 4).midi, key) == Pitch(step, alter, 4)


@pytest.mark.parametrize("key", KEYS)
def test_whatever_is_written_comes_out_acceptable_at_the_same_pitch(key: Key) -> None:
    given = [Pitch(step, alter, 4) for alter in (-2, -1, 0, 1, 2) for step in range(7)]
    written = list(respelled(given, key))
    assert [p.midi for p in written if p] == [p.midi for p in given]
    assert all(acceptable(p, key) for p in written if p)
    assert list(respelled(written, key)) == written


def test_raised_and_lowered_steps_are_as_the_harmony_of_the_scale_has_them() -> None:
    chromatic = [usual(60 + semitones, Key.parse("C")) for semitones in (1, 3, 6, 8, 10)]
    assert chromatic == [named(name) for name in ("C#", "Eb", "F#", "G#", "Bb")]
    assert names("Ddor", "Fbb", "B#") == ["D#", "C"]
    assert names("Em", "Ebb", "D#", "C#") == ["D", "D#", "C#"]
    assert names("G#m", "F##", "C##", "G") == ["F##", "D", "G"]  # the raised seventh alone has a double sharp
    assert names("G#dor", "F##", "C##") == ["G", "D"]


def test_acceptable_names_stay_as_they_were_given() -> None:
    assert names("G", "D#", "E") == ["D#", "E"]
    assert names("G", "Eb", "D") == ["Eb", "D"]


def test_a_pitch_that_comes_again_at_once_keeps_its_name() -> None:
    assert names("C", "F#", "Gb", "G", "Gb") == ["F#", "F#", "G", "Gb"]
    assert list(respelled([None, named("Gb"), None, named("F#")], Key.parse("Db"))) == [None, named("Gb")] * 2


@pytest.mark.parametrize("key", KEYS)
def test_transposed_from_tonic_c_it_is_written_as_is_usual_there(key: Key) -> None:
    on_c, semitones = Key(0, 0, key.mode), NATURAL[key.step] + key.alter
    for midi in range(60, 72):
        there = transposed(usual(midi, on_c), on_c, key.step, semitones, key)
        assert there == usual(midi + semitones, key)
        assert transposed(there, key, -key.step, -semitones, on_c) == usual(midi, on_c)


def test_another_name_moves_along_where_it_may() -> None:
    c, g, f_sharp = (Key.parse(text) for text in ("C", "G", "F#"))
    assert transposed(named("D#"), c, 4, 7, g) == Pitch(6 - 1, 1, 4)  # A#, of which B flat is the usual name
    assert transposed(named("D#"), c, 3, 6, f_sharp).alter == 0  # G double sharp
