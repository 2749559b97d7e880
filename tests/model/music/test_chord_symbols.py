from fractions import Fraction

import pytest

from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.chord_symbols import ChordSymbol, is_chord, transposed
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
