import tomllib
from pathlib import Path

import pytest

from model.music import never_said
from model.music.never_said import UNTITLED, sayable, shown


@pytest.mark.parametrize("title", ["The Killarney Boys", "Cockles and Mussels", "The Assembly", "Jackson's Fancy"])
def test_titles_stay_whose_words_only_look_alike(title: str) -> None:
    assert sayable(title)
    assert shown(title) == title


@pytest.mark.parametrize("title", ["The Darky's Dream", "DARKIE_S", "The Hag", "Rape of Troy", "Gypsy’s Hornpipe"])
def test_what_is_never_said_is_not_shown(title: str) -> None:
    assert shown(title) == UNTITLED


def test_every_group_has_its_reason() -> None:
    text = Path(never_said.__file__).with_suffix(".toml").read_text(encoding="utf-8")
    groups = tomllib.loads(text)
    assert all(group["reason"] and group["words"] for group in groups.values())
