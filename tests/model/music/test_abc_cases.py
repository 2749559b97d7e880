"""The cases that the issue on ABC came with, each with what its first line says is right."""

from fractions import Fraction
from pathlib import Path

import pytest

from model.corpus.build import KEPT, build
from model.corpus.sources import path_source, text_of
from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from model.music.key import Key
from model.music.rhythm import RHYTHMS
from model.music.tune import Tune
from model.prompt import parse_prompt
from model.sampling.opening import opening_tune
from tests.model.music.reading import PLAIN, notes, read

FOLDER = Path(__file__).parent / "abc_cases"


def tunes(name: str) -> list[Tune]:
    (path,) = FOLDER.glob(f"{name}*")
    return [parse(text) for text in tune_texts(text_of(path)[0])]


@pytest.mark.parametrize("name", ["002", "003", "010", "018", "045", "078", "082", "094"])
def test_what_is_no_music_adds_no_notes(name: str) -> None:
    (tune,) = tunes(name)
    assert notes(tune) == notes(read(PLAIN))
    assert len(tune.bars) == 2
    assert not {"key change", "metre change"} & tune.dropped.keys()


def test_two_tunes_without_an_empty_line() -> None:
    first, second = tunes("006")
    assert (first.number, second.number, second.title) == (1, 2, "other")
    assert notes(first) == notes(read(PLAIN))
    assert notes(second) == notes(read("AGFE DEFG|A8|]"))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("007", "D,E,F,G, A,B,CD|D8|]"),
        ("012", "DE=FG AB=cd|d8|]"),
        ("014", "D_EFG A_B=cd|d8|]"),
        ("022", "DEFG ABcd|d8|ABcd dcBA|d8|]"),
        ("023", "DEFG ABcd|z8|z8|z8|z8|d8|]"),
        ("047", "E8|=C8|]"),
        ("121", "AEFG ABcd|d8|]"),
    ],
)
def test_notes_are_what_the_author_wrote(name: str, plain: str) -> None:
    (tune,) = tunes(name)
    assert notes(tune) == notes(read(plain))


def test_an_invisible_bar_line_ends_no_part() -> None:
    assert [bar.double for bar in tunes("022")[0].bars] == [False, False, False, True]


def test_the_title_is_latin_1() -> None:
    assert tunes("078")[0].title == "Müllers Frühling"


@pytest.mark.parametrize(("name", "metre", "bars"), [("019", "6/8", 2), ("130", "6/8", 5)])
def test_a_metre_behind_the_key_sets_it(name: str, metre: str, bars: int) -> None:
    (tune,) = tunes(name)
    assert (str(tune.metre), len(tune.bars)) == (metre, bars)
    assert {bar.length for bar in tune.bars[1:-1]} <= {Fraction(3, 4)}


@pytest.mark.parametrize("name", ["127", "018", "006"])
def test_tunes_to_learn_from_are_kept(name: str) -> None:
    (path,) = FOLDER.glob(f"{name}*")
    assert {fate.reason for fate in build([path_source(path)]).report.fates} == {KEPT}


def test_a_first_ending_with_the_pickup_in_it_keeps_its_music() -> None:
    (path,) = FOLDER.glob("127*")
    first, second = build([path_source(path)]).tunes[0].normalized.parts
    assert [len(part.pickup) for part in (first, second)] == [2, 2]
    assert (first.length, second.length, first.repeated) == (4, 4, True)


def test_an_opening_may_give_key_and_metre_in_brackets() -> None:
    (path,) = FOLDER.glob("139*")
    prompt = parse_prompt("D", "reel", seed=1, opening=path.read_text())
    assert opening_tune(prompt).key == Key.parse("D")
    assert notes(opening_tune(prompt)) == notes(read("DEFG ABcd|"))
    assert RHYTHMS["reel"].metre.length == 1
