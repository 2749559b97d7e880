from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import InputError
from model.music.abc_reader import parse
from model.music.key import Key, all_keys
from model.music.spelling import acceptable, usual
from model.music.tune import Metre, Note, Tune, transpose
from tests.model.tunes import tunes


def played(music: str) -> str:
    """The bars of `music`, one note each, in the order they sound."""
    bars = parse(f"X:1\nM:4/4\nL:1/8\nK:C\n{music}").played()
    return "".join("CDEFGAB"[note.pitch.step] for bar in bars for note in bar.notes if note.pitch)


@pytest.mark.parametrize(
    ("music", "order"),
    [
        ("A8|B8|]", "AB"),
        ("|:A8|B8:|", "ABAB"),
        ("A8|B8:|", "ABAB"),
        ("|:A8:||:B8:|", "AABB"),
        ("A8::B8:|", "AABB"),
        ("A8:|B8:|", "AABB"),
        ("A8|:B8:|C8|]", "ABBC"),
        ("|:A8|1B8:|2C8|]", "ABAC"),
        ("|:A8|1B8:|2C8||\n|:D8|1E8:|2F8|]", "ABACDEDF"),
        ("|:A8|1B8|C8:|2D8|E8|]", "ABCADE"),
        ("|:A8|1B8:|2C8:|\n|:D8:|", "ABACDD"),
        ("|:A8|B8:|C8|D8|]", "ABABCD"),
    ],
)
def test_repeats_and_endings_are_played_out(music: str, order: str) -> None:
    assert played(music) == order


@given(tunes())
@settings(max_examples=30, deadline=None)
def test_every_bar_sounds_and_none_more_than_twice(tune: Tune) -> None:
    order = [id(bar) for bar in tune.played()]
    assert set(order) == {id(bar) for bar in tune.bars}
    assert all(order.count(bar) <= 2 for bar in order)
    assert tune.played_length == sum((bar.length for bar in tune.played()), Fraction(0))


def as_usual(tune: Tune) -> Tune:
    """`tune` with each pitch written as is usual in its key."""

    def usually(note: Note) -> Note:
        return note._replace(pitch=note.pitch and usual(note.pitch.midi, tune.key))

    return replace(tune, bars=tuple(replace(bar, notes=tuple(map(usually, bar.notes))) for bar in tune.bars))


@given(tunes(), st.data())
@settings(max_examples=30, deadline=None)
def test_whatever_a_tune_is_transposed_to_is_written_acceptably(tune: Tune, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([key for key in all_keys() if key.mode == tune.key.mode]))
    moved = transpose(tune, key)
    assert all(acceptable(pitch, key) for pitch in moved.pitches)
    assert not any(a.midi == b.midi and a != b for a, b in pairwise(moved.pitches))


@given(tunes(), st.data(), st.integers(-1, 1))
@settings(max_examples=30, deadline=None)
def test_transposing_there_and_back_is_the_identity(tune: Tune, data: st.DataObject, octaves: int) -> None:
    key = data.draw(st.sampled_from([key for key in all_keys() if key.mode == tune.key.mode]))
    tune = as_usual(tune)
    moved = transpose(tune, key, octaves)
    assert moved.key == key
    assert transpose(moved, tune.key, -octaves) == tune
    distances = {there.midi - here.midi for here, there in zip(tune.pitches, moved.pitches, strict=True)}
    assert len(distances) <= 1
    assert all((semitones - key.tonic_class + tune.key.tonic_class) % 12 == 0 for semitones in distances)


def test_notes_of_the_scale_stay_notes_of_the_scale() -> None:
    tune = transpose(parse("X:1\nK:D\nDEFG ABcd|"), Key.parse("Bb"))
    assert [pitch.alter for pitch in tune.pitches] == [tune.key.signature[pitch.step] for pitch in tune.pitches]


def test_transposing_to_another_mode_is_refused() -> None:
    with pytest.raises(InputError, match="the modes differ"):
        transpose(parse("X:1\nK:D\nA|"), Key.parse("Dm"))


@pytest.mark.parametrize("text", ["C||", "4", "4/", "/4", "3/3", "0/4", "4/0", "99/4", "9" * 9 + "/4", "²/4"])
def test_metres_out_of_the_ordinary_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="metre"):
        Metre.parse(text)


def test_metres_read_back() -> None:
    for text in ("C", "C|", "4/4", "6/8", "12/8", "3/2"):
        assert str(Metre.parse(text)) == text
    assert Metre.parse(" 6 / 8 ") == Metre(6, 8)
    assert Metre.parse("C|").length == Metre.parse("C").length == 1
