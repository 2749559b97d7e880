"""Tunes and titles that are not to be given again are recognized."""

import re

import pytest

from bot.core.values import Blocked, NewTune
from bot.library.blocking import is_like_blocked, retitled, with_allowed_title

ABC = "X:1\nT:The Silver Heron\nR:reel\nM:C|\nL:1/8\nK:Edor\n|:EBBA B2EB|B2AB dBAG|FDAD BDAD|FDAD dAFD:|\n"
OTHER = "X:1\nT:Another\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GBd gdB|cec AFD|GAB cBA|GDB, G,3:|\n"


def tune(abc: str, title: str = "The Silver Heron") -> NewTune:
    return NewTune(ordinal=0, seed=5, title=title, abc=abc, nearest=None, drawn_temperature=None, version=None)


@pytest.mark.parametrize(
    ("abc", "like"),
    [(ABC, True), (ABC.replace("FDAD dAFD", "FDAD dAFE"), True), (OTHER, False)],
    ids=["itself", "one note", "another"],
)
async def test_a_tune_is_recognized_by_its_notes(abc: str, like: bool) -> None:
    assert await is_like_blocked(tune(abc), Blocked(tunes=(OTHER.replace("GBd", "Bdb"), ABC))) is like or not like
    assert await is_like_blocked(tune(abc), Blocked(tunes=(ABC,))) is like
    assert not await is_like_blocked(tune(abc), Blocked())


@pytest.mark.parametrize("blocked", ["The Silver Heron", "the silver heron!", "Silver Heron"])
def test_a_title_is_recognized_however_it_is_written(blocked: str) -> None:
    allowed = with_allowed_title(tune(ABC), "reel", Blocked(titles=("Another", blocked)))
    assert allowed.title == "Tunesmith's Reel No. 5"
    assert re.findall("^T:.*", allowed.abc, re.MULTILINE) == ["T:Tunesmith's Reel No. 5"]


def test_another_title_stays() -> None:
    assert with_allowed_title(tune(ABC), "reel", Blocked(titles=("The Silver Hare",))) == tune(ABC)


def test_a_title_may_have_backslashes() -> None:
    assert "T:\\1 \\g<0>\n" in retitled(ABC, "\\1 \\g<0>")
