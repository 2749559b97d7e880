import pytest

from bot.core.wording import counted, plural
from model.music.rhythm import RHYTHMS


@pytest.mark.parametrize(("number", "says"), [(0, "0 tunes"), (1, "1 tune"), (2, "2 tunes")])
def test_one_is_singular(number: int, says: str) -> None:
    assert counted(number, "tune") == says


def test_every_dance_has_its_plural() -> None:
    assert {plural(name) for name in RHYTHMS} == {
        *("jigs", "slip jigs", "reels", "hornpipes", "polkas", "waltzes", "marches", "strathspeys", "airs")
    }
