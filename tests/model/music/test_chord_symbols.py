from fractions import Fraction

import pytest

from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.chord_symbols import ChordSymbol, chord_tones, is_chord, transposed
from model.music.key import Key
from model.music.tune import Bar, Tune, transpose

HEADER = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\n"


def chords(music: str) -> list[list[tuple[str, str]]]:
    return [[(str(at), name) for at, name in bar.chords] for bar in parse(HEADER + music).bars]


def music(tune: Tune) -> str:
    return write(tune).split("K:C\n")[1]


@pytest.mark.parametrize("name", ["A", "Am", "F#m7", "Bbmaj7", "D/f+", "Am/G", "Gsus4", "E7(b9)", "C+", "Bdim", "N.C."])
def test_chords_are_told_from_words(name: str) -> None:
    assert is_chord(name)


@pytest.mark.parametrize("text", ["^slowly", "Fine", "D.C.", "", "1st time", "_3", "@4,5 f", "Coda", "Allegro"])
def test_words_are_no_chords(text: str) -> None:
    assert not is_chord(text)


def test_a_chord_symbol_is_kept_with_its_place_in_the_bar() -> None:
    assert chords('"Am"A4 "G"G4|"C"c>"F"d e2 "^x""G7"g4|"Am"(3A"E"Bc d6|') == [
        [("0", "Am"), ("1/2", "G")],
        [("0", "C"), ("3/16", "F"), ("1/2", "G7")],
        [("0", "Am"), ("1/12", "E")],
    ]


def test_one_behind_the_last_note_belongs_to_the_next_bar() -> None:
    assert chords('A8"G"|G8|') == [[], [("0", "G")]]


@pytest.mark.parametrize("line", ['"Am"A4 "G"G4| "C"c>"F"de2 "G7"g4| "Am"(3A"E"Bcd6|', '"Dm"d8| d2"G"g2 g4|]'])
def test_chord_symbols_are_written_where_they_were_read(line: str) -> None:
    tune = parse(HEADER + line)
    assert music(tune) == line + "\n"
    assert parse(write(tune)) == tune


def test_a_chord_that_changes_under_a_long_note_is_written_on_a_tied_one() -> None:
    bar = Bar(parse(HEADER + "A8|").bars[0].notes, chords=(ChordSymbol(Fraction(1, 2), "E7"),))
    assert music(Tune("t", Key.parse("C"), parse(HEADER + "A").metre, (bar,))) == 'A4- "E7"A4|\n'


def test_chord_symbols_move_with_the_tune() -> None:
    moved = transpose(parse(HEADER + '"Am/G"A4 "Bb"_B4|'), Key.parse("D"))
    assert [name for _, name in moved.bars[0].chords] == ["Bm/A", "C"]
    assert transposed("N.C.", 1, 2) == "N.C."


@pytest.mark.parametrize(
    ("name", "tones"),
    [
        *(
            ("C", [0, 4, 7]),
            ("Am", [9, 0, 4]),
            ("F#m7", [6, 9, 1, 4]),
            ("Bb7", [10, 2, 5, 8]),
            ("Gmaj7", [7, 11, 2, 6]),
        ),
        *(("Bdim", [11, 2, 5]), ("B°7", [11, 2, 5, 8]), ("Bø", [11, 2, 5, 9]), ("D+", [2, 6, 10]), ("A5", [9, 4])),
        *(("Dsus4", [2, 7, 9]), ("Asus2", [9, 11, 4]), ("C6", [0, 4, 7, 9]), ("G9", [7, 11, 2, 5]), ("E-", [4, 7, 11])),
        *(("Cadd9", [0, 4, 7]), ("D7b9", [2, 6, 9, 0]), ("(E7)", [4, 8, 11, 2]), ("Am/G", [9, 0, 4])),
    ],
)
def test_the_tones_of_a_chord(name: str, tones: list[int]) -> None:
    found = chord_tones(name)
    assert found is not None
    assert list(found.tones) == tones
    assert found.root == tones[0]


def test_the_bass_of_a_chord_is_its_root_or_what_it_says() -> None:
    basses = [found.bass for name in ("C", "C/E", "D/f+", "Am/G") if (found := chord_tones(name))]
    assert basses == [0, 4, 6, 7]
    assert chord_tones("N.C.") is None
