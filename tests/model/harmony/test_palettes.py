import pytest

from model.harmony.palettes import PALETTES
from model.music.chord_symbols import is_chord
from model.music.key import MODES, Key, all_keys


def names(key: str) -> set[str]:
    parsed = Key.parse(key)
    return {chord.name(parsed) for chord in PALETTES[parsed.mode]}


def test_the_palettes_are_those_of_sessions() -> None:
    assert names("Dmix") == {"D", "C", "G", "Am"}
    assert {"Em", "D", "A", "G"} <= names("Edor") <= {"Em", "D", "A", "G", "Bm"}
    assert names("G") == {"G", "D", "C", "Am", "Em", "Bm"}
    assert names("F#m") == {"F#m", "E", "C#", "A", "Bm", "D", "C#m"}


def test_every_mode_has_a_palette_and_its_first_chord_is_the_tonic() -> None:
    assert PALETTES.keys() == MODES.keys()
    assert all((palette[0].step, palette[0].root) == (0, 0) for palette in PALETTES.values())


@pytest.mark.parametrize("key", all_keys(), ids=str)
def test_chords_are_spelled_with_the_letters_of_the_key(key: Key) -> None:
    for chord in PALETTES[key.mode]:
        assert is_chord(chord.name(key))
        scale = {(tone - key.tonic_class) % 12 for tone in scale_of(key)}
        assert set(chord.tones) <= scale | ({11} if key.mode == "m" else set())


def scale_of(key: Key) -> set[int]:
    return {natural + alter for natural, alter in zip((0, 2, 4, 5, 7, 9, 11), key.signature, strict=True)}
