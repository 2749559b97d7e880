import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.completion import forms, keys, ordered_keys, rhythms
from model.music.form import Form
from model.music.key import Key, all_keys
from model.music.rhythm import RHYTHMS, named


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("e do", "Edor"),
        ("E DORIAN", "Edor"),
        ("edor", "Edor"),
        ("em", "Em"),
        ("e min", "Em"),
        ("a aeol", "Am"),
        ("f sharp min", "F#m"),
        ("f sh", "F#"),
        ("F♯", "F#"),
        ("b♭", "Bb"),
        ("b flat", "Bb"),
        ("Bb", "Bb"),
        ("b", "B"),
        ("a  mixo", "Amix"),
        ("  d", "D"),
        ("dorian", "Edor"),
        ("mix", "Amix"),
        ("c-ionian", "C"),
        ("", "D"),
    ],
)
def test_keys_are_found_as_people_type_them(typed: str, first: str) -> None:
    assert keys(typed, 25)[0].value == first


def test_a_key_is_shown_in_words() -> None:
    assert [offer.name for offer in keys("f# m", 2)] == ["F♯ minor", "F♯ major"]


def test_every_learned_key_is_found_by_its_names_and_locrian_never() -> None:
    for key in all_keys():
        found = {offer.value for text in (str(key), key.name, key.name.upper()) for offer in keys(text, 25)}
        assert (str(key) in found) == (key.mode != "loc"), key
    assert keys("b loc", 25) == keys("locrian", 25) == []
    assert not [offer for offer in keys("", 999) if "loc" in offer.value]


def test_the_usual_keys_come_first() -> None:
    assert (
        [offer.value for offer in keys("", 5)]
        == [str(key) for key in ordered_keys()[:5]]
        == ["D", "G", "A", "Edor", "Ador"]
    )


@given(st.text(max_size=30))
def test_whatever_is_typed_what_is_offered_can_be_asked_for(typed: str) -> None:
    assert all(str(Key.parse(offer.value)) == offer.value for offer in keys(typed, 25))
    assert all(named(offer.value).name == offer.value for offer in rhythms(typed, 25))
    assert all(str(Form.parse(offer.value)) == offer.value for offer in forms(typed, 25))
    assert max(len(find(typed, 25)) for find in (keys, rhythms, forms)) <= 25


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", list(RHYTHMS)),
        ("slip", ["slip jig"]),
        ("SLIP-JIG", ["slip jig"]),
        ("reels", ["reel"]),
        ("double", ["jig"]),
        ("j", ["jig", "slip jig"]),
        ("tango", []),
    ],
)
def test_rhythms_are_found_by_any_word(typed: str, found: list[str]) -> None:
    assert [offer.value for offer in rhythms(typed, 25)] == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["AABB:8", "AABBCC:8", "AABA:8", "AB:8"]),
        ("aabb", ["AABB:8", "AABBCC:8", "AABB:4", "AABBCC:4"]),
        ("aabb : 16", ["AABB:16"]),
        ("ab", ["AB:8", "AB:4", "AB:16"]),
        ("x", []),
    ],
)
def test_forms_are_found_by_their_parts_and_bars(typed: str, found: list[str]) -> None:
    assert [offer.value for offer in forms(typed, 4)] == found
