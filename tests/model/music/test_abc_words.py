"""Words among music: none becomes a note, and what is passed over or refused is named."""

import pytest

from model.errors import NotationError
from model.music.abc_words import is_prose
from tests.model.music.reading import HEADER, PLAIN, kinds, notes, read, says

BAR = "DEFG ABcd|"
END = "d8|]"


@pytest.mark.parametrize(
    "name",
    [
        "To Coda",
        "D.C. al Fine",
        "D.S. al Coda",
        "ped-up",
        "ped",
        "dacapo",
        "D.C.alfine",
        "trill(",
        "<(",
        "beam-accel",
        "///",
        "4",
        "fff",
        "invertedturnx",
        "15mb)",
        "editorial",
        "Fine",
        "segno",
    ],
)
def test_decorations_are_known_by_name(name: str) -> None:
    tune = read(f"{BAR}!{name}!{END}")
    assert notes(tune) == notes(read(PLAIN))
    assert kinds(tune) == ["decoration"]


@pytest.mark.parametrize(
    "name", ["play twice", "ABcd", "bad egg", "Ende", "with feeling", "2nd time only", "a", "x", "D.C. bis zum Zeichen"]
)
def test_what_else_stands_between_exclamation_marks_is_left_out_by_name(name: str) -> None:
    tune = read(f"{BAR}!{name}!{END}")
    assert notes(tune) == notes(read(PLAIN))
    assert kinds(tune) == [f"unknown decoration {name!r}"]
    assert (tune.remarks[0].line, tune.remarks[0].column, tune.remarks[0].bar) == (6, 11, 2)


@pytest.mark.parametrize("name", ["8va(", "8vb(", "15ma(", "15mb("])
def test_signs_that_move_the_octave_are_named(name: str) -> None:
    assert kinds(read(f"{BAR}!{name}!{END}")) == [f"octave sign {name}"]


@pytest.mark.parametrize(
    "music", [f"{BAR}!\n{END}", f"{BAR}!{END}", f"{BAR}! \n!{END}", f"{BAR}$\n{END}", f"{BAR}\\\n{END}"]
)
def test_a_lone_exclamation_mark_at_a_bar_line_breaks_the_line(music: str) -> None:
    assert says(HEADER + music)


@pytest.mark.parametrize(
    "prose",
    [
        "Learned from Bob in Galway",
        "fiddle and bodhran bridge",
        "Played by the Bothy Band, 1976.",
        "Repeat from the beginning",
        "Copyright (c) 2004, all rights reserved",
        "http://www.example.org/tunes/42",
        "Play the A part twice | then the B part | and end",
        "-- from the singing of Mary",
        "Übung für Anfänger",
        "---------------",
        "===============",
        "D.C. al Fine",
        "Fine",
        "2) The second half is often played first",
    ],
)
@pytest.mark.parametrize("where", ["under", "between"])
def test_prose_is_passed_over_and_the_tune_kept(prose: str, where: str) -> None:
    text = f"{HEADER}{PLAIN}\n{prose}" if where == "under" else f"{HEADER}{BAR}\n{prose}\n{END}"
    assert says(text)


@pytest.mark.parametrize(
    "block",
    [
        "%%begintext\nfiddle and bodhran bridge\n%%endtext",
        "%%begintext align\nA bad egg\n\nDad had a cab\n%%endtext",
        "%%beginps\n/x { A B c d } def\n%%endps",
        "%%beginsvg\n<path d='A B C'/>\n%%endsvg",
        "%%text A bad egg",
        "%%center DEFG",
        "%%BEGINTEXT\nX:3\nK:G\nGABc|\n%%ENDTEXT",
        "%A bad egg",
    ],
)
def test_blocks_of_text_are_no_music(block: str) -> None:
    assert says(f"{HEADER}{BAR}\n{block}\n{END}")


@pytest.mark.parametrize(
    "lines",
    [
        "w: oh had a cab\\\nbad dad fed a",
        "w: oh had a cab\\\nbad dad fed a \\\nbag",
        "W: Dad had a bad\\\ncabbage",
        "N: played by\\\nDad",
        "w: la la\nw: da da",
        "w: la la\n+: bad egg",
        "H: he fed a\n+: cab",
        "s: !f! * !p!",
        "r: a bad egg",
        "w: la la\x0b La bad egg",
        "w: la la\x0c La bad egg",
        "w: la la\x85La bad egg",
        "w: la la\u2028La bad egg",
        "w: la\x1cbad\x1dbad\x1ebad",
        "[r: a bad egg]",
    ],
)
def test_lyrics_and_remarks_are_no_music(lines: str) -> None:
    assert says(f"{HEADER}{BAR}\n{lines}\n{END}")


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{HEADER}{PLAIN}\n```\nbad egg",
        f"```abc\n{HEADER}{PLAIN}\n```",
        f"~~~\n{HEADER}{PLAIN}\n~~~",
        f"Here is my tune:\n```\n{HEADER}{PLAIN}\n```\nIt is a bad egg",
        f"{HEADER}{PLAIN}\n```\nABcd|",
    ],
)
def test_a_code_fence_is_none_of_the_tune(text: str) -> None:
    assert says(text)


@pytest.mark.parametrize(
    ("music", "message"),
    [
        ("DEFG ABcd|play|", "line 6, column 11: the word 'play' is no music: expected notes"),
        ("DEFG ABcd|D.C. al Fine|", "line 6, column 14: expected a note after ."),
        ("DEFG ABcd|(twice) d8|", "line 6, column 12: the word 'twice' is no music"),
        ("DEFG ABcd|hi d8|", "line 6, column 11: the word 'hi' is no music"),
        ("DEFG ABcd| q |", "line 6, column 12: 'q' is no note, rest or decoration"),
        ("DEFG ABcd|d8 k", "line 6, column 14: 'k' is no note, rest or decoration"),
        ("DEFG !ABcd|d8", "line 6, column 6: a ! without its closing one"),
        ("DEFG +ABcd|d8", "line 6, column 6: a \\+ without its closing one"),
        ("DEFG {ABcd|d8", "line 6, column 6: the { of grace notes without its }"),
        ("DEFG {Ab#c}d|d8", "line 6, column 9: expected grace notes, not '#c'"),
        ('DEFG "ABcd|d8', 'line 6, column 6: a " without its closing one'),
        ("DEFG [CEG|d8", "line 6, column 6: the \\[ of a chord without its \\]"),
        ("DEFG [CE#]|d8", "line 6, column 9: expected a note in the chord"),
        ("DEFG [CkE]|d8", "line 6, column 8: expected a note in the chord '\\[CkE\\]', not 'k'"),
        ("DEFG A]|d8", "line 6, column 7: a \\] without its \\["),
        ("DEFG A}|d8", "line 6, column 7: a } without its {"),
        ("DEFG ^|d8", "line 6, column 6: expected a note after \\^"),
        ("DEFG ^ A|d8", "line 6, column 6: expected a note after \\^"),
        ("DEFG ^/A|d8", "line 6, column 6: '\\^/' is no semitone"),
        ("DEFG A2 2|d8", "line 6, column 9: expected a note, a rest or a bar line, not '2|d8'"),
        ("DEFG C#|", "line 6, column 7: a sharp is written before its note"),
        ("DEFG ,A|", "line 6, column 6: expected a note before ,"),
        ("DEFG A:B|", "line 6, column 7: expected | beside :"),
        ("(1AB", "line 6, column 1: tuplet '\\(1'"),
        ("(12AB", "line 6, column 1: tuplet '\\(12'"),
        ("(3A(3BcdB", "line 6, column 4: a tuplet inside a tuplet"),
        ("DEFG&ABcd|", "line 6, column 5: a second voice"),
    ],
)
def test_errors_name_place_and_what_was_expected(music: str, message: str) -> None:
    with pytest.raises(NotationError, match=f"^{message}"):
        read(music)


@pytest.mark.parametrize(
    "music", ["DEFG AkBcd|d8|]", "kDEFG ABcd|d8|]", "DEFG ABcd|Q d8|]", "DEFG ABcd| k(d8)|]", "DEFG ABcd|Iud8|]"]
)
def test_a_letter_without_a_meaning_before_a_note_is_named(music: str) -> None:
    tune = read(music)
    assert notes(tune) == notes(read(PLAIN))
    assert kinds(tune)[0].startswith("undefined letter ")


@pytest.mark.parametrize(
    ("definition", "music"),
    [
        ("U:k=!turn!", "DEFG AkBcd|d8|]"),
        ("U: n = +fff+", "nDEFG ABcd|nd8|]"),
        ('U:W="^up"', "DEFG ABcd|Wd8|]"),
        ("U: h = !nil!", "DEFG ABcd|hhd8|]"),
        ("U:T=!tremolo!", "DEFG ABcd|Td8|]"),
    ],
)
def test_letters_that_are_defined_are_decorations(definition: str, music: str) -> None:
    tune = read(f"{definition}\n{music}")
    assert notes(tune) == notes(read(PLAIN))
    assert set(kinds(tune)) == {"decoration"}


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("+DFA+EFG ABcd|", "AEFG ABcd|"),
        ("+D2F2A2+FG ABcd|", "A2FG ABcd|"),
        ("+^FA+DFA z4|", "ADFA z4|"),
        ("+ac'+DFA +Ad+4|", "c'DFA d4|"),
        ("+C,G,CE+8|", "E8|"),
        ("+trill+DEFA +fermata+d4|", "DEFA d4|"),
        ("+f+DEFA +ff+d4|", "DEFA d4|"),
    ],
)
def test_chords_of_abc_1_6_are_chords(music: str, plain: str) -> None:
    assert notes(read(music)) == notes(read(plain))


def test_words_between_plus_signs_are_no_chord() -> None:
    assert kinds(read("DEFG +nonsense+ABcd|")) == ["unknown decoration 'nonsense'"]


@pytest.mark.parametrize("line", ["ABcd efga", "d2 c2 B2", "A", "(ABc)d", "uA vB", "K(E/F/)", "(uiBc)", "A2 B2 | Fine"])
def test_music_is_no_prose(line: str) -> None:
    assert not is_prose(line)


@pytest.mark.parametrize("words", ["!To Coda", "To Coda", "Coda", "Dance", "End", "Fine"])
def test_words_among_music_are_refused_by_name(words: str) -> None:
    with pytest.raises(NotationError, match=r"^line 6, column \d: the word '[A-Z][a-z]+' is no music"):
        read(f"{words} DEFG ABcd|d8|]")


def test_html_names_of_signs_are_signs() -> None:
    assert notes(read("d&gt;c B&lt;A &quot;D&quot;d4|")) == notes(read("d>c B<A d4|"))


def test_a_block_of_text_without_its_end_is_named() -> None:
    assert "text block without its end" in kinds(read("DEFG ABcd|\n%%begintext\nd8|]"))
    assert "text block without its end" not in kinds(read("DEFG ABcd|\n%%begintext\nd8|]\n%%endtext"))
