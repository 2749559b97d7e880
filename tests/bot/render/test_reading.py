from fractions import Fraction

import pytest

from bot.core.rendering import Playing
from bot.render.reading import read
from tests.bot.render.tunes import JIG, REEL

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:D\n"


@pytest.mark.parametrize("abc", [JIG, REEL])
def test_a_tune_without_chords_gets_them_and_keeps_its_notes(abc: str) -> None:
    tune, again = read(abc), read(abc)
    assert any(bar.chords for bar in tune.bars)
    assert tune == again


def test_chords_of_its_own_are_kept() -> None:
    tune = read(HEADER + '"Bm"d2f2 "F#"e4|"G"d2B2 "A"A4|"Bm"d8|"D"d8|]')
    assert [chord.name for bar in tune.bars for chord in bar.chords] == ["Bm", "F#", "G", "A", "Bm", "D"]


@pytest.mark.parametrize(("abc", "beat"), [(JIG, Fraction(3, 8)), (REEL, Fraction(1, 2)), (HEADER + "d8|]", 0.25)])
def test_a_tempo_is_in_beats_of_the_dance_and_goes_before_all(abc: str, beat: Fraction) -> None:
    assert read(abc, Playing(tempo=60)).tempo == (beat, 60)
    assert read(abc.replace("K:", "Q:1/4=90\nK:")).tempo == (Fraction(1, 4), 90)
    assert read(abc.replace("K:", "Q:1/4=90\nK:"), Playing(tempo=60)).tempo == (beat, 60)


def test_rests_alone_have_no_chords() -> None:
    assert not any(bar.chords for bar in read(HEADER + "z8|z8|]").bars)
