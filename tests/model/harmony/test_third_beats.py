from fractions import Fraction

from model.harmony.harmonizer import harmonize
from model.music.abc_reader import parse
from model.music.chord_symbols import ChordSymbol

HEADER = "X:1\nT:Test\nR:waltz\nM:3/4\nL:1/8\nK:G\n"


def test_a_third_beat_outside_the_chord_of_its_bar_that_leads_on_has_its_own() -> None:
    bars = harmonize(parse(HEADER + "G2B2d2|G2B2d2|c2E2FA|G6|]")).bars
    assert bars[2].chords[-1] == ChordSymbol(Fraction(1, 2), "D")
    assert bars[3].chords[0].name == "G"


def test_other_bars_have_one_chord() -> None:
    bars = harmonize(parse(HEADER + "G2B2d2|G2B2d2|F2A2d2|G6|]")).bars
    assert [len(bar.chords) for bar in bars] == [1, 0, 1, 1]
