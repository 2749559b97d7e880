import pytest
from hypothesis import given, settings

from model.encoding.tokenizer import MEAN_PITCH
from model.encoding.transposition import HIGHEST, LOWEST, Transposition
from model.music.key import Key, all_keys
from model.music.parts import parts_of
from model.music.tune import Tune
from tests.model.tunes import tunes


@pytest.mark.parametrize("key", all_keys(), ids=str)
def test_a_tune_of_mean_pitch_comes_near_the_middle_of_the_range(key: Key) -> None:
    transposition = Transposition.to(key)
    assert abs(MEAN_PITCH + transposition.semitones - (LOWEST + HIGHEST) / 2) <= 6
    assert transposition.semitones % 12 == key.tonic_class
    assert transposition.steps % 7 == key.step


@given(tunes())
@settings(max_examples=20, deadline=None)
def test_back_is_the_inverse(tune: Tune) -> None:
    transposition = Transposition.to(Key.parse("F#m")).up(1)
    for part in parts_of(tune):
        there = transposition.part(part)
        assert transposition.part(there, back=True) == part
        assert [len(bar) for bar in there.written_bars] == [len(bar) for bar in part.written_bars]


def test_up_keeps_the_key() -> None:
    assert Transposition(1, 2).up(-1) == Transposition(-6, -10)
