from collections.abc import Callable, Iterable
from fractions import Fraction

import pytest
from hypothesis import given, settings

from model.music.abc_reader import parse
from model.music.abc_writer import write, write_length
from model.music.key import Key, Pitch
from model.music.parts import parts_of
from model.music.tune import Bar, Metre, Note, Tune
from tests.model.tunes import tunes

EIGHTH = Fraction(1, 8)


def tune_of(*bars: Bar, key: str = "C") -> Tune:
    return Tune("Test", Key.parse(key), Metre(4, 4), bars)


def music(tune: Tune) -> str:
    return write(tune).split("K:")[1].split("\n", 1)[1]


def notes(*pitches: Pitch, length: Fraction = EIGHTH) -> tuple[Note, ...]:
    return tuple(Note(pitch, length) for pitch in pitches)


def read_by_octave(text: str) -> list[int]:
    """MIDI notes of one bar in C where an accidental holds in its own octave alone, as music21 reads."""
    tune = parse(f"X:1\nL:1/8\nK:C\n{text}")
    held: dict[int, int] = {}
    sounding = []
    for symbol, note in zip(_symbols(text), tune.notes, strict=True):
        assert note.pitch is not None
        mark = symbol.rstrip("ABCDEFGabcdefg,'0123456789/-")
        if mark:
            held[note.pitch.line] = {"^": 1, "_": -1, "=": 0, "^^": 2, "__": -2}[mark]
        sounding.append(note.pitch._replace(alter=held.get(note.pitch.line, 0)).midi)
    return sounding


def _symbols(text: str) -> Iterable[str]:
    symbol = ""
    for character in text.replace(" ", "").strip("|]\n"):
        if symbol and symbol[-1] not in "^_=" and character not in ",'0123456789/-":
            yield symbol
            symbol = ""
        symbol += character
    yield symbol


@given(tunes())
@settings(max_examples=60, deadline=None)
def test_what_is_written_reads_back_as_the_same_tune(tune: Tune) -> None:
    assert parse(write(tune)) == tune


@given(tunes())
@settings(max_examples=20, deadline=None)
def test_the_parts_of_a_written_tune_are_its_parts(tune: Tune) -> None:
    assert parts_of(parse(write(tune))) == parts_of(tune)


def test_a_tie_to_another_alteration_does_not_carry_its_accidental() -> None:
    sharp, natural = Pitch(0, 1, 5), Pitch(0, 0, 5)
    bars = (
        Bar((Note(sharp, Fraction(1), True),)),
        Bar((Note(natural, Fraction(1), True),)),
        Bar((Note(natural, Fraction(1)),)),
    )
    tune = tune_of(*bars, key="D")
    notes = [note for bar in parse(write(tune)).bars[:3] for note in bar.notes]
    assert [(note.pitch, note.tied) for note in notes] == [(sharp, False), (natural, True), (natural, False)]
    assert "c8-| =c8-| =c8|" in music(tune)


def test_a_pickup_has_no_broken_rhythm(abc2midi: Callable[[str], str]) -> None:
    text = "X:1\nR:hornpipe\nM:C\nL:1/8\nK:D\n|:dd3/2B/2|A>Bd2 e2f2|A2B2 d:|\n"
    written = write(parse(text))
    assert "|:dd3/2B/2| A>Bd2 e2f2|" in written
    assert not abc2midi(written)
    assert abc2midi(written.replace("dd3/2B/2", "dd>B"))


def test_the_header_is_in_the_order_the_standard_asks_for() -> None:
    bar = Bar(notes(Pitch(5, 0, 4), length=Fraction(1)))
    tune = Tune("Air", Key.parse("F#m"), Metre(2, 2, "C|"), (bar,), "reel", EIGHTH, (Fraction(1, 2), 100), 7)
    assert write(tune) == "X:7\nT:Air\nR:reel\nM:C|\nL:1/8\nQ:1/2=100\nK:F#m\nA8|\n"


def test_titles_of_any_characters_stay_in_their_line() -> None:
    bar = Bar(notes(Pitch(0, 0, 5)))
    tune = Tune("100% Wool\nK:Ebm \\ \x85", Key.parse("C"), Metre(4, 4), (bar,), rhythm="50% reel")
    assert (read := parse(write(tune))).title == "100% Wool K:Ebm"
    assert (read.rhythm, read.key) == ("50% reel", tune.key)


@pytest.mark.parametrize(
    ("length", "text"), [("1", ""), ("2", "2"), ("1/2", "/2"), ("3/2", "3/2"), ("1/4", "/4"), ("12", "12")]
)
def test_lengths(length: str, text: str) -> None:
    assert write_length(Fraction(length)) == text


def test_accidentals_are_written_once_a_bar_and_naturals_after_them() -> None:
    f, f_sharp = Pitch(3, 0, 5), Pitch(3, 1, 5)
    bar = Bar(notes(f, f_sharp, f_sharp, f, f, f_sharp))
    assert music(tune_of(bar, Bar(notes(f)))).replace(" ", "") == "f^ff=ff^f|f|\n"
    assert music(tune_of(bar, key="G")).replace(" ", "") == "=f^ff=ff^f|\n"


@pytest.mark.parametrize(
    "pitches",
    [
        (Pitch(3, 1, 4), Pitch(3, 1, 5), Pitch(3, 1, 5)),
        (Pitch(3, 1, 4), Pitch(3, 0, 5), Pitch(3, 1, 4)),
        (Pitch(3, 0, 5), Pitch(3, 1, 4), Pitch(3, 0, 5), Pitch(3, 0, 4)),
        (Pitch(6, -1, 4), Pitch(6, -1, 5), Pitch(6, 0, 4), Pitch(6, 0, 5), Pitch(6, -1, 5)),
    ],
)
def test_readers_of_either_octave_convention_hear_the_same(pitches: tuple[Pitch, ...]) -> None:
    tune = tune_of(Bar(notes(*pitches)))
    sounding = [pitch.midi for pitch in pitches]
    assert [pitch.midi for pitch in parse(write(tune)).pitches] == sounding
    assert read_by_octave(music(tune)) == sounding


def test_a_lone_note_and_a_repeat_sign_do_not_begin_a_line_as_a_field_would() -> None:
    full = Bar(notes(Pitch(5, 0, 4), length=Fraction(1)))
    start = Bar(notes(Pitch(0, 0, 5), length=Fraction(7, 8)), start_repeat=True)
    tune = tune_of(start, full, full, full, Bar(notes(Pitch(5, 0, 4)), end_repeat=True))
    assert music(tune) == "|:c7| A8| A8| A8| A:|\n"
    assert music(tune_of(tune.bars[-1])) == "A :|\n"
    assert parse(write(tune)) == tune


def test_triplets_are_written_as_triplets() -> None:
    third = notes(Pitch(5, 0, 4), Pitch(6, 0, 4), Pitch(0, 0, 5), length=Fraction(1, 12))
    assert music(tune_of(Bar(third + notes(Pitch(1, 0, 5), length=Fraction(3, 4))))) == "(3ABcd6|\n"


@pytest.mark.parametrize("words", ["A2 (3BBB B2 (3ccc|d8", "A>B c<d (5ABcde|(6ABcABc d4", "(3A2B2c2 (3:2:4ABcc d|"])
def test_rhythms_written_by_hand_survive(words: str) -> None:
    tune = parse(f"X:1\nL:1/8\nK:C\n{words}")
    assert parse(write(tune)) == tune


def test_dotted_pairs_are_broken_rhythm_on_the_beat_and_lengths_off_it() -> None:
    tune = parse("X:1\nT:t\nM:4/4\nL:1/8\nK:C\nAB3/2c/2d e3/2f/2 g/2a3/2|]\n")
    assert write(tune).splitlines()[-1] == "AB3/2c/2d e>fg<a|]"
