from fractions import Fraction

import pytest

from model.errors import NotationError
from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from model.music.tune import Metre, Tune
from tests.model.music.reading import PLAIN, says
from tests.model.tunes import pitch_name


def read(music: str, header: str = "M:4/4\nL:1/8\nK:C") -> Tune:
    return parse(f"X:1\nT:Test\n{header}\n{music}\n")


def eighths(music: str, header: str = "M:4/4\nL:1/8\nK:C") -> list[str]:
    """Each note as `NAME LENGTH`, in eighths."""
    return [f"{pitch_name(note.pitch) if note.pitch else 'z'} {note.length * 8}" for note in read(music, header).notes]


@pytest.mark.parametrize(
    ("music", "notes"),
    [
        ("A2 A/ A// A/4 A3/2 A/2", ["A4 2", "A4 1/2", "A4 1/4", "A4 1/4", "A4 3/2", "A4 1/2"]),
        ("A>B c<d", ["A4 3/2", "B4 1/2", "C5 1/2", "D5 3/2"]),
        ("A>>B c<<d", ["A4 7/4", "B4 1/4", "C5 1/4", "D5 7/4"]),
        ("A2>B2", ["A4 3", "B4 1"]),
        ("(3ABc d", ["A4 2/3", "B4 2/3", "C5 2/3", "D5 1"]),
        ("(3A2B2c2", ["A4 4/3", "B4 4/3", "C5 4/3"]),
        ("(2AB", ["A4 3/2", "B4 3/2"]),
        ("(3:2:4ABcd e", ["A4 2/3", "B4 2/3", "C5 2/3", "D5 2/3", "E5 1"]),
        ("(5ABcde", ["A4 2/5", "B4 2/5", "C5 2/5", "D5 2/5", "E5 2/5"]),
        ("(4ABcd", ["A4 3/4", "B4 3/4", "C5 3/4", "D5 3/4"]),
        ("(3A>Bc", ["A4 1", "B4 1/3", "C5 2/3"]),
        ("z2 x Z", ["z 2", "z 1", "z 8"]),
        ("C,, C, C c c' c''", ["C2 1", "C3 1", "C4 1", "C5 1", "C6 1", "C7 1"]),
    ],
)
def test_lengths_and_octaves_are_exact(music: str, notes: list[str]) -> None:
    assert eighths(music) == notes


def test_quintuplets_in_compound_metres_take_three() -> None:
    assert eighths("(5ABcde", "M:6/8\nL:1/8\nK:C")[0] == "A4 3/5"


@pytest.mark.parametrize(
    ("music", "names"),
    [
        ("^f f g|f", "F#5 F#5 G5 F5"),
        ("^F f", "F#4 F#5"),
        ("^f =f f", "F#5 F5 F5"),
        ("_B B __B ^^c", "Bb4 Bb4 Bbb4 C##5"),
        ("^f-|f f", "F#5 F#5 F5"),
        ("^f-|g f", "F#5 G5 F5"),
    ],
)
def test_accidentals_last_to_the_bar_line_and_through_ties(music: str, names: str) -> None:
    assert [pitch_name(note.pitch) for note in read(music).notes if note.pitch] == names.split()


def test_the_key_signature_alters_notes() -> None:
    assert eighths("f c B", "M:4/4\nL:1/8\nK:D") == ["F#5 1", "C#5 1", "B4 1"]
    assert eighths("f c B", "M:4/4\nL:1/8\nK:F minor clef=treble") == ["F5 1", "C5 1", "Bb4 1"]


def test_ties_are_kept() -> None:
    assert [note.tied for note in read("A-A B-|B").notes] == [True, False, True, False]


def test_repeats_and_endings() -> None:
    bars = read("|:A8|B8|1c8:|2d8|]\n|:e8|f8:||").bars
    assert [bar.start_repeat for bar in bars] == [True, False, False, False, True, False]
    assert [bar.end_repeat for bar in bars] == [False, False, True, False, False, True]
    assert [bar.ending for bar in bars] == [0, 0, 1, 2, 0, 0]
    assert [bar.double for bar in bars] == [False, False, False, True, False, True]


@pytest.mark.parametrize("line", ["A8::B8", "A8:|:B8", "A8:||:B8", "A8:|\n|:B8", "A8:|  |:B8"])
def test_a_part_may_end_where_the_next_begins(line: str) -> None:
    first, second = read(line).bars
    assert first.end_repeat
    assert second.start_repeat


@pytest.mark.parametrize("line", ["A8[1 B8:|[2 c8|]", "A8|[1 B8:|[2 c8|]", "A8|1B8:|2c8||", "A8 |1 B8 :|2 c8||"])
def test_endings_in_every_usual_spelling(line: str) -> None:
    assert [bar.ending for bar in read(line).bars] == [0, 1, 2]


def test_a_note_and_a_repeat_sign_at_the_start_of_a_line_are_no_field() -> None:
    assert len(read("|:G8|A8|B8|\nc:|\nd::e8|").bars) == 6


def test_the_pickup_is_a_short_first_bar() -> None:
    assert [bar.length for bar in read("AB|c8|d6").bars] == [Fraction(1, 4), 1, Fraction(3, 4)]


@pytest.mark.parametrize(
    ("header", "metre", "unit"),
    [
        ("M:C\nK:C", Metre(4, 4, "C"), Fraction(1, 8)),
        ("M:C|\nK:C", Metre(2, 2, "C|"), Fraction(1, 8)),
        ("M:2/4\nK:C", Metre(2, 4), Fraction(1, 16)),
        ("M:3/4\nK:C", Metre(3, 4), Fraction(1, 8)),
        ("M:6/8\nK:C", Metre(6, 8), Fraction(1, 8)),
        ("M:5/8\nK:C", Metre(5, 8), Fraction(1, 16)),
        ("K:C", Metre(4, 4, "C"), Fraction(1, 8)),
        ("L:1/4\nM:2/4\nK:C", Metre(2, 4), Fraction(1, 4)),
    ],
)
def test_metre_and_default_unit_length(header: str, metre: Metre, unit: Fraction) -> None:
    tune = read("A", header)
    assert tune.metre == metre
    assert tune.unit_length == unit == next(tune.notes).length


def test_what_is_dropped_is_counted() -> None:
    tune = read('"^so"A{B}c ~d !trill!e [CEG]2 (AB) % so\nw: la la\n[K:D]f [M:3/4]g')
    assert tune.dropped == {
        "annotation": 1,
        "grace": 1,
        "decoration": 2,
        "chord": 1,
        "slur": 2,
        "comment": 1,
        "lyrics": 1,
        "key change": 1,
        "metre change": 1,
    }
    assert [pitch_name(note.pitch) for note in tune.notes if note.pitch][4] == "G4"  # a chord's highest note stays


def test_header_fields() -> None:
    tune = parse('X:12\nT:100\\% Wool %x\nT:also\nR:slip jig\nM:9/8\nL:1/8\nQ:"Fast" 3/8=108\nK:G\nA3 B3 c3|')
    assert (tune.number, tune.title, tune.rhythm, tune.tempo) == (12, "100% Wool", "slip jig", (Fraction(3, 8), 108))


@pytest.mark.parametrize(
    "tempo", ["0", "1/4=0", "1/0=3", "0/4=9", "", "quickly", "9" * 20_000, "1" + " " * 9_000 + "/"]
)
def test_a_tempo_without_sense_is_none(tempo: str) -> None:
    assert parse(f"X:1\nQ:{tempo}\nK:C\nA|").tempo is None


@pytest.mark.parametrize(
    ("music", "message"),
    [
        ("AB|\nc#d|", "line 7, column 2: a sharp is written before its note"),
        (">A", "line 6, column 1: broken rhythm"),
        ("A> >B", "line 6, column 4: broken rhythm"),
        ("A0", "line 6, column 1: a note of no length"),
        ("A/0", "line 6, column 1: note length '/0'"),
        ("A,,,,,,", "line 6, column 1: the note A,,,,,, is outside"),
        ("A4|0 A", "line 6, column 3: ending '0'"),
        ("V:1\nA\nV:2\nA", "line 9, column 1: a second voice"),
        ("[K:H]A", "line 6, column 4: unknown key"),
        ("M:9\nA", "line 6, column 3: unknown metre"),
        ("M:4/3\nA", "line 6, column 3: metre '4/3' is out of range"),
        ("L:eighth\nA", "line 6, column 3: unit length"),
        ("", "the tune has no notes"),
    ],
)
def test_errors_name_the_line(music: str, message: str) -> None:
    with pytest.raises(NotationError, match="^" + message.replace("(", r"\(")):
        read(music)


def test_text_without_a_key_is_no_tune() -> None:
    with pytest.raises(NotationError, match="no K: field"):
        parse("hello")


def test_the_tunes_of_a_file_stand_between_blank_lines() -> None:
    text = "% a book\n\nX:1\nK:C\nA|\n\n \t\r\nwords\n\nX:2\r\nK:D\r\nB|\r\n\r\n"
    assert [(tune.text, tune.line) for tune in tune_texts(text)] == [("X:1\nK:C\nA|", 3), ("X:2\nK:D\nB|", 10)]


def test_a_blank_line_ends_a_tune_but_not_its_header() -> None:
    assert [str(note.length) for note in read("\nA8|\n  \nFrom Bob, Galway").notes] == ["1"]


def test_pipers_keys_have_a_for_tonic() -> None:
    tune = read("fcA2|", header="M:4/4\nL:1/8\nK:HP")
    assert (str(tune.key), [pitch_name(note.pitch) for note in tune.notes if note.pitch]) == (
        "Amix",
        ["F#5", "C#5", "A4"],
    )


@pytest.mark.parametrize("music", ['["Am"A2]', "[!fermata!A2]", "!D.S. al fine!A2", "!D.C. al coda!A2", '"C"!f!A2'])
def test_words_beside_a_note_are_no_notes(music: str) -> None:
    assert eighths(music) == ["A4 2"]


def test_a_rest_before_a_repeat_sign_at_the_start_of_a_line_is_no_field() -> None:
    assert eighths("|:A4\nz4:|") == ["A4 4", "z 4"]
    assert eighths("|:A7\nz:|") == ["A4 7", "z 1"]


@pytest.mark.parametrize("directive", ["%%MIDI transpose 2", "%%transpose -3", "I:transpose=2", "%%MIDI rtranspose 12"])
def test_directives_that_transpose_are_named(directive: str) -> None:
    assert parse(f"X:1\n{directive}\nK:D\nDEFG ABcd|d8|]").dropped["transpose"] == 1
    assert "transpose" not in parse("X:1\n%%MIDI program 73\nK:D\nDEFG ABcd|d8|]").dropped


def test_macros_are_refused_where_they_are_used() -> None:
    assert says(f"X:1\nm:~n3 = (3o/n/m/ n\nM:4/4\nL:1/8\nK:D\n{PLAIN}")
    with pytest.raises(NotationError, match=r"^line 5, column 1: the macro '~n3'"):
        parse("X:1\nm:~n3 = (3o/n/m/ n\nL:1/8\nK:D\n~g3|")


@pytest.mark.parametrize(
    ("value", "key"),
    [("D (dorian)", "Ddor"), ("D(Dorian)", "Ddor"), ("E Min.", "Em"), ("A mix.", "Amix"), ("G maj.", "G")],
)
def test_modes_in_brackets_or_shortened_are_modes(value: str, key: str) -> None:
    assert str(parse(f"X:1\nK:{value}\nA|").key) == key


@pytest.mark.parametrize("unit", ["8", "4", "0", "1/0"])
def test_a_unit_length_that_is_none_is_refused(unit: str) -> None:
    with pytest.raises(NotationError, match=r"^line 2, column 3: unit length"):
        parse(f"X:1\nL:{unit}\nK:D\nA|")


@pytest.mark.parametrize("name", ["Bob", "Jo", "Enjoy!", "Fine", "Anne."])
def test_a_word_under_a_tune_is_none_of_it(name: str) -> None:
    assert parse(f"X:1\nK:D\nABcd|\n{name}\n").dropped == {"text": 1}
