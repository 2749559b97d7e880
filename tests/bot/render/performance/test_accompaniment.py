import pytest

from bot.render.performance.accompaniment import DANCES, dance_of
from model.music.abc_reader import parse
from model.music.rhythm import RHYTHMS
from model.music.tune import Tune


def tune(rhythm: str, metre: str) -> Tune:
    return parse(f"X:1\nR:{rhythm}\nM:{metre}\nL:1/8\nK:D\nd|")


def test_every_dance_of_the_bot_has_patterns_of_its_bar() -> None:
    assert DANCES.keys() == RHYTHMS.keys()
    for name, dance in DANCES.items():
        eighths = RHYTHMS[name].metre.length * 8
        patterns = [*dance.guitar, *dance.bass, *(dance.drum or ())]
        assert {len(pattern) for pattern in [*patterns, dance.accents]} == {eighths}, name
        assert set("".join(dance.guitar)) <= set("BbDdu123.")
        assert set("".join(dance.bass)) <= set("rfn.")
        assert set("".join(dance.drum or ())) <= set("Xxo.")
        assert all(pattern[0] != "." for pattern in patterns)


def test_an_air_has_no_drum_in_any_metre() -> None:
    assert {dance_of(tune("air", metre)).drum for metre in ("3/4", "4/4", "6/8", "5/4")} == {None}


@pytest.mark.parametrize(
    ("rhythm", "metre", "dance"),
    [
        *(("jig", "6/8", "jig"), ("march", "6/8", "jig"), ("polka", "4/4", "reel"), ("", "3/4", "waltz")),
        *(("mazurka", "3/4", "waltz"), ("reel", "2/4", "polka"), ("", "9/8", "slip jig")),
    ],
)
def test_a_dance_in_another_metre_is_accompanied_as_its_metre_is(rhythm: str, metre: str, dance: str) -> None:
    assert dance_of(tune(rhythm, metre)) == DANCES[dance]


@pytest.mark.parametrize("metre", ["1/4", "3/2", "5/4", "7/8", "12/8", "1/32"])
def test_any_metre_has_patterns_of_its_length(metre: str) -> None:
    dance = dance_of(tune("", metre))
    assert dance.guitar.first[0] == "B"
    assert (
        len(dance.guitar.first)
        == len(dance.accents)
        == max(1, round(parse(f"X:1\nM:{metre}\nK:D\nd|").metre.length * 8))
    )
