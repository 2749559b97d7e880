import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import InputError
from model.music.key import MODE_NAMES, MODES, Key, Pitch, all_keys


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("D", "D"),
        ("D Major", "D"),
        ("Dmaj", "D"),
        ("d ionian", "D"),
        ("DM", "D"),
        ("Gm", "Gm"),
        ("G min", "Gm"),
        ("g MINOR", "Gm"),
        ("Aaeolian", "Am"),
        ("E dorian", "Edor"),
        ("Edor", "Edor"),
        ("EDorian", "Edor"),
        ("f# minor", "F#m"),
        ("F♯m", "F#m"),
        ("F sharp minor", "F#m"),
        ("Bbmix", "Bbmix"),
        ("B♭ mixolydian", "Bbmix"),
        ("b flat", "Bb"),
        ("A mixo", "Amix"),
        ("Bphr", "Bphr"),
        ("F lyd", "Flyd"),
        ("B locrian", "Bloc"),
        ("  E \t dorian ", "Edor"),
    ],
)
def test_every_usual_spelling_is_read(text: str, key: str) -> None:
    assert str(Key.parse(text)) == key


@pytest.mark.parametrize("text", ["H", "D#lydianish", "", " ", "#", "Dd", "Ddo", "D dorky", "D 7", "Dm!", "10", "D\0"])
def test_what_is_no_key_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match="unknown key") as caught:
        Key.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "instead"), [("G#", "Ab"), ("D# major", "Eb"), ("Fbm", "Em"), ("A#mix", "Bbmix")])
def test_a_key_without_a_signature_names_the_one_that_has(text: str, instead: str) -> None:
    with pytest.raises(InputError, match=f"ask for {instead}$"):
        Key.parse(text)


def test_a_long_key_is_refused_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(InputError):
        Key.parse("D" + " " * 100_000 + "!")
    assert time.monotonic() - started < 1


@given(st.text(max_size=30))
def test_any_text_is_a_key_or_an_input_error(text: str) -> None:
    try:
        key = Key.parse(text)
    except InputError:
        return
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize("key", all_keys(), ids=str)
def test_a_key_reads_back_from_its_spelling_and_its_name(key: Key) -> None:
    assert Key.parse(str(key)) == key == Key.parse(key.name)
    assert sum(key.signature) == key.fifths
    assert set(key.signature) <= {-1, 0, 1}


def test_there_are_fifteen_keys_in_each_mode() -> None:
    assert len(all_keys()) == 15 * len(MODES) == 15 * len(MODE_NAMES)


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("C", (0, 0, 0, 0, 0, 0, 0)),
        ("Edor", (1, 0, 0, 1, 0, 0, 0)),
        ("F#m", (1, 0, 0, 1, 1, 0, 0)),
        ("Bbmix", (0, 0, -1, 0, 0, -1, -1)),
        ("C#", (1, 1, 1, 1, 1, 1, 1)),
        ("Abm", (-1, -1, -1, -1, -1, -1, -1)),
        ("Bloc", (0, 0, 0, 0, 0, 0, 0)),
    ],
)
def test_signatures(text: str, signature: tuple[int, ...]) -> None:
    assert Key.parse(text).signature == signature


def test_pitches_count_like_midi() -> None:
    assert Pitch(0, 0, 4).midi == 60
    assert Pitch(6, 1, 4).midi == Pitch(0, 0, 5).midi == 72
    assert Key.parse("Bb").tonic_class == 10
    assert Key.parse("Cb").tonic_class == 11
