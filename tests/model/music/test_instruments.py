import pytest

from model.errors import InputError
from model.music.instruments import INSTRUMENTS, instrument
from model.music.key import Key
from model.prompt import parse_prompt


@pytest.mark.parametrize(("typed", "name"), [("Tin whistle", "whistle"), ("violin", "fiddle"), ("HARP", "harp")])
def test_an_instrument_has_the_names_that_members_type(typed: str, name: str) -> None:
    assert instrument(typed).name == name


def test_an_unknown_instrument_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match="unknown instrument 'kazoo': there are fiddle, flute"):
        instrument("kazoo")


def test_a_whistle_plays_d_to_b_and_a_harp_no_chromatics() -> None:
    whistle, harp, key = INSTRUMENTS["whistle"], INSTRUMENTS["harp"], Key.parse("D")
    played = [pitch for pitch in range(40, 100) if whistle.plays(pitch, key)]
    assert (played[0], played[-1]) == (62, 83)
    assert not whistle.plays(65, key)
    assert not harp.plays(65, key)
    assert harp.plays(66, key)


@pytest.mark.parametrize("key", ["Eb", "F", "Gm", "Bb"])
def test_a_key_that_an_instrument_lacks_is_refused(key: str) -> None:
    with pytest.raises(InputError, match="the whistle lacks notes of"):
        parse_prompt(key, instrument="whistle")
    assert parse_prompt(key, instrument="harp").instrument == "harp"
