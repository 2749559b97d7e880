import pytest

from model.errors import InputError
from model.music.rhythm import RHYTHMS, named


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("reel", "reel"),
        (" Reels ", "reel"),
        ("slip-jig", "slip jig"),
        ("SLIP_JIGS", "slip jig"),
        ("hop jig", "slip jig"),
        ("quickstep", "march"),
        ("slow air", "air"),
    ],
)
def test_a_rhythm_is_found_by_name_and_alias(text: str, name: str) -> None:
    assert named(text) is RHYTHMS[name]


@pytest.mark.parametrize("text", ["", "tango", "reel reel", "r" * 500])
def test_another_rhythm_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(InputError, match="there are jig, slip jig, reel") as refusal:
        named(text)
    assert len(str(refusal.value)) < 150


def test_names_and_aliases_are_unique() -> None:
    names = [name for rhythm in RHYTHMS.values() for name in (rhythm.name, *rhythm.aliases)]
    assert len(names) == len(set(names))
