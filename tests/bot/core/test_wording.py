"""Nouns and numbers in messages."""

import pytest

from bot.core.wording import article, counted, ordinal, plural
from model.music.rhythm import RHYTHMS


@pytest.mark.parametrize(("number", "says"), [(0, "0 tunes"), (1, "1 tune"), (2, "2 tunes")])
def test_one_is_singular(number: int, says: str) -> None:
    assert counted(number, "tune") == says


def test_every_dance_has_its_plural() -> None:
    assert {plural(name) for name in RHYTHMS} == {
        *("jigs", "slip jigs", "reels", "hornpipes", "polkas", "waltzes", "marches", "strathspeys", "airs")
    }


def test_an_air_but_a_reel() -> None:
    assert (article("air"), article("reel")) == ("an", "a")


def test_ordinals_end_as_english_has_it() -> None:
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)
    endings = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]
    assert [ordinal(number) for number in numbers] == endings
