from model.encoding.contour import contour
from model.encoding.tokenizer import NormalizedTune, spelled_on_c
from model.music.abc_reader import parse
from model.music.key import Key
from model.music.parts import parts_of
from model.music.tune import transpose

MUSIC = "|:G|GAB z2 d|(3ABA G4|[1F5:|[2G5|]"


def normalized(key: str) -> NormalizedTune:
    tune = transpose(parse(f"X:1\nM:3/4\nL:1/8\nK:G\n{MUSIC}"), Key.parse(key))
    return NormalizedTune("waltz", tune.metre.length, "3/4", "", spelled_on_c(parts_of(tune), tune.key))


def test_a_contour_has_the_interval_and_length_of_every_note_and_skips_rests() -> None:
    intervals, lengths = zip(*contour(normalized("G")), strict=True)
    assert intervals == (0, 0, 2, 2, 3, -5, 2, -2, -2, -1, 1)  # G | G A B d | A B A G | F sharp | G
    assert lengths == (12, 12, 12, 12, 12, 8, 8, 8, 48, 60, 60)


def test_a_contour_does_not_depend_on_the_key() -> None:
    assert contour(normalized("G")) == contour(normalized("Eb"))


def test_a_tune_of_rests_has_none() -> None:
    rests = parse("X:1\nM:3/4\nL:1/8\nK:G\nz6|]")
    assert contour(NormalizedTune("waltz", rests.metre.length, "3/4", "", parts_of(rests))) == []
