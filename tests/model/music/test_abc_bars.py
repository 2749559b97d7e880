"""Bars, repeats, endings, rests, ties and chords as the world writes them."""

from fractions import Fraction

import pytest

from model.errors import NotationError
from model.music.tune import Tune
from tests.model.music.reading import PLAIN, kinds, notes, read, says

HEADER = "X:1\nT:t\nM:4/4\nL:1/8\nK:C\n"


def bars(tune: Tune) -> list[str]:
    """Each bar's length in bars, with the signs at its left and right."""
    full = tune.metre.length
    return [
        f"{'|:' * bar.start_repeat}{bar.ending or ''}{bar.length / full}{':|' * bar.end_repeat}{'||' * bar.double}"
        for bar in tune.bars
    ]


@pytest.mark.parametrize(
    ("music", "expected"),
    [
        ("A8[|]B8|]", ["1", "1||"]),
        ("A8[]B8|]", ["1", "1||"]),
        ("A8[ ]B8|c8|]", ["1", "1", "1||"]),
        ("A8|[|]B8|]", ["1", "1||"]),
        ("A8 [|] | B8|]", ["1", "1||"]),
        ("|:A8[|]B8:|", ["|:1", "1:|"]),
        ("A8.|B8|]", ["1", "1||"]),
        ("A8|||B8|]", ["1||", "1||"]),
        ("A8[|B8|]", ["1||", "1||"]),
        ("A8||:B8:||", ["1||", "|:1:|||"]),
        ("A8|]:B8:|", ["1||", "|:1:|"]),
        ("A8:|]", ["|:1:|||"]),
        ("A8:]", ["|:1:|"]),
        ("|: A8 :: B8 :|", ["|:1:|", "|:1:|"]),
        ("|:A8:||:B8:|", ["|:1:|||", "|:1:|"]),
        ("|:A8:|:B8:|", ["|:1:|", "|:1:|"]),
        ("|:A8|\nB8:|\n:c8:|", ["|:1", "1:|", "|:1:|"]),
        ("|:A8 : | B8|]", ["|:1:|", "1||"]),
        ('|:A8:"^Segno"[|]|]', ["|:1:|||"]),
    ],
)
def test_bar_lines_in_every_spelling(music: str, expected: list[str]) -> None:
    assert bars(read(music, HEADER)) == expected


@pytest.mark.parametrize("music", ["|::A8::|", "|::A8:|", "|:A8::|", "|:::A8:::|", "[|::A8::|]"])
def test_what_plays_three_times_is_named(music: str) -> None:
    tune = read(music, HEADER)
    assert bars(tune)[0].startswith("|:1:|")
    assert set(kinds(tune)) == {"repeat played three times"}


@pytest.mark.parametrize(
    "music",
    [
        "|:A8|1B8:|2c8|]",
        "|:A8|[1B8:|[2c8|]",
        "|:A8|[1 B8:|[2 c8|]",
        "|:A8 [1 B8 :| [2 c8 |]",
        "|:A8|1.B8:|2.c8|]",
        "|:A8|1 .B8:|2 .c8|]",
        "|:A8|[1.B8:|[2.c8|]",
        "|:A8|1. B8:|2. c8|]",
        "|:A8| [1 B8:| [2 c8|]",
        "|:A8|\n[1B8:|\n[2c8|]",
        "|:A8|\n1 B8:|\n2 c8|]",
        "|:A8|1B8:|\n2c8|]",
    ],
)
def test_first_and_second_endings_in_every_spelling(music: str) -> None:
    tune = read(music, HEADER)
    assert bars(tune) == ["|:1", "11:|", "21||"]
    assert notes(tune) == notes(read("A8|B8|c8|]", HEADER))


def test_three_endings_are_read() -> None:
    assert [bar.ending for bar in read("|:A8|1B8:|2c8:|3d8|]", HEADER).bars] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("music", "kind"),
    [
        ("|:A8|1,3B8:|2c8|]", "ending 1,3"),
        ("|:A8|[1-3B8:|[4c8|]", "ending 1-3"),
        ("|:A8|[1,2,4B8:|[3c8|]", "ending 1,2,4"),
        ("|:A8|1,3-5 B8:|2c8|]", "ending 1,3-5"),
        ('|:A8|["1st"B8:|["2nd"c8|]', "ending '1st'"),
    ],
)
def test_endings_played_at_several_times_are_named(music: str, kind: str) -> None:
    tune = read(music, HEADER)
    assert notes(tune) == notes(read("A8|B8|c8|]", HEADER))
    assert kinds(tune)[0] == kind


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("A8|Z4|B8|]", "A8|z8|z8|z8|z8|B8|]"),
        ("A8|Z|B8|]", "A8|z8|B8|]"),
        ("A8|X2|B8|]", "A8|z8|z8|B8|]"),
        ("Z2|A8|]", "z8|z8|A8|]"),
        ("A8|!fermata!Z3|]", "A8|z8|z8|z8|]"),
        ("A8|Z2:|", "A8|z8|z8:|"),
        ("x4A4|z4x4|]", "z4A4|z4z4|]"),
    ],
)
def test_bars_of_rest(music: str, plain: str) -> None:
    assert notes(read(music, HEADER)) == notes(read(plain, HEADER))
    assert {bar.length for bar in read(music, HEADER).bars} == {Fraction(1)}


def test_bars_of_rest_are_as_long_as_the_metre_says() -> None:
    assert notes(read("A6|Z2|[M:2/4]Z|", "X:1\nM:6/8\nL:1/8\nK:C\n"))[1:] == [
        (None, "3/4"),
        (None, "3/4"),
        (None, "1/2"),
    ]


@pytest.mark.parametrize(
    ("music", "message"),
    [
        ("A8|Z0|", "line 6, column 4: Z0: expected 1 to 64 bars of rest"),
        ("A8|Z999|", "line 6, column 4: Z999: expected 1 to 64"),
        ("[M:none]A8|Z2|", "line 6, column 12: Z2 rests for whole bars, and the tune has no metre"),
        ("A8|Z2/2|", "line 6, column 6: expected a note before /"),
    ],
)
def test_bars_of_rest_that_cannot_be_are_refused(music: str, message: str) -> None:
    with pytest.raises(NotationError, match=message):
        read(music, HEADER)


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("[CE-]4 E4|C8|]", "E8|C8|]"),
        ("[C-E]4 E4|C8|]", "E4E4|C8|]"),
        ("[C-E-]4[CE]4|C8|]", "E8|C8|]"),
        ("[CE]4-[CE]4|C8|]", "E8|C8|]"),
        ("[CE-]8|E8|]", "E16|]"),
        ("[CE-]2[DE-]2E4|C8|]", "E8|C8|]"),
        ("[EC-]4C4|C8|]", "E4C4|C8|]"),
        ("E4-[CE]4|C8|]", "E8|C8|]"),
        ("[C2E2-]2E4|C8|]", "E8|C8|]"),
        ("[CE.-]4 E4|C8|]", "E8|C8|]"),
        ("[c-e]4-c4|", "e4c4|"),
    ],
)
def test_ties_out_of_chords_go_with_the_highest_note(music: str, plain: str) -> None:
    assert notes(read(music, HEADER)) == notes(read(plain.replace("16", "8-|E8"), HEADER))


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("A-A B- B-|B4", "A2B-B-|B4"),
        ("A -A2|", "A3|"),
        ("A.-A2|", "A3|"),
        ("^f4-|f4 f4|", "^f8|=f4|"),
        ("A-B2|", "AB2|"),
        ("A-z A|", "AzA|"),
        ("A3-:|A4|", "A3|A4|"),
        ("A4-|1A4:|2A4|]", "A8|A4|]"),
        ("(3A-AA|", "(3:2:2A2A|"),
        ("A->A|", "A2|"),
        ("A>-A|", "A2|"),
        ('A-"Am"A|', "A2|"),
        ("A-{g}A|", "A2|"),
        ("A-\nA|", "A2|"),
        ("A-[I:x]A|", "A2|"),
    ],
)
def test_ties_are_joined(music: str, plain: str) -> None:
    assert notes(read(music, HEADER)) == notes(read(plain, HEADER))


@pytest.mark.parametrize(
    ("music", "ties"),
    [
        ("A4-B4|", 0),
        ("A4-|B4|", 0),
        ("A4-z4|", 0),
        ("[CA]4-B4|", 0),
        ("A-^A A2 A4|", 0),
        ("A4-|1B4:|2A4|]", 0),
        ("A-B-B2 A4|", 1),
    ],
)
def test_a_tie_to_another_pitch_is_a_slur(music: str, ties: int) -> None:
    tune = read(music, HEADER)
    assert tune.dropped["slur"] == 1
    assert sum(note.tied for note in tune.notes) == ties


@pytest.mark.parametrize("music", ["A4-A4|", "A4-|A4|", "|:A4 B4-:|B4|", "A8|1A8-:|2B8|]"])
def test_a_tie_to_the_same_pitch_or_to_where_a_repeat_leads_stays(music: str) -> None:
    assert sum(note.tied for note in read(music, HEADER).notes) == 1


@pytest.mark.parametrize("music", ["-A8|]", "z4-A4|", "|-A8|", "A8|-A8|"])
def test_a_tie_without_a_note_before_it_is_named(music: str) -> None:
    assert kinds(read(music, HEADER)) == ["tie without a note"]


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("[CEG]2c2|", "G2c2|"),
        ("[C2E2G2]c2|", "G2c2|"),
        ("[C2E2G2]2c2|", "G4c2|"),
        ("[C2E4G]c2|", "G2c2|"),
        ("[GEC]c2|", "Gc2|"),
        ("[CC]c2|", "Cc2|"),
        ("[^CE]C|", "E^C|"),
        ('["Am"CE]c2|', "Ec2|"),
        ("[!1!C!3!E]c2|", "Ec2|"),
        ("[uCvE]c2|", "Ec2|"),
        ("[C E G]c2|", "Gc2|"),
        ("[C2z2]c2|", "C2c2|"),
        ("[CE]>[DF]|", "E>F|"),
        ("(3[CE][DF][EG]|", "(3EFG|"),
        ("[C,E,G,c']/|", "c'/|"),
        ("[A]2B2|", "A2B2|"),
    ],
)
def test_of_a_chord_the_highest_note_stays_as_long_as_the_first(music: str, plain: str) -> None:
    assert notes(read(music, HEADER)) == notes(read(plain, HEADER))


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("A > B c < d|", "A>Bc<d|"),
        ("A>>>B|", "A15/8B/8|"),
        ("A>{g}B|", "A>B|"),
        ("A>|B|", "A3/2|B/2|"),
        ('A>"C"B|', "A>B|"),
        ("A>!trill!B|", "A>B|"),
        ("A>(Bc)|", "A>Bc|"),
        ("(A>B) c2|", "A>Bc2|"),
        ("z>B|", "z3/2B/2|"),
    ],
)
def test_broken_rhythm(music: str, plain: str) -> None:
    assert notes(read(music, HEADER)) == notes(read(plain, HEADER))


@pytest.mark.parametrize(
    ("music", "plain"),
    [
        ("(3 ABc d|", "(3ABcd|"),
        ("(3::ABc d|", "(3ABcd|"),
        ("(3:2ABc d|", "(3ABcd|"),
        ("(3:2:3ABc d|", "(3ABcd|"),
        ("(3(3ABc d|", "(3ABcd|"),
        ("((3ABc) d|", "(3ABcd|"),
        ("(3zBc d|", "z2/3B2/3c2/3d|"),
        ("(3A{g}Bc d|", "(3ABcd|"),
        ("(3A|Bc d|", "A2/3|B2/3c2/3d|"),
        ("(3.A.B.c d|", "(3ABcd|"),
        ("(6:4:6ABcABc d|", "A2/3B2/3c2/3A2/3B2/3c2/3d|"),
        ("(2AB (4ABcd|", "A3/2B3/2A3/4B3/4c3/4d3/4|"),
        ("(9ABcABcABc|", "A2/9B2/9c2/9A2/9B2/9c2/9A2/9B2/9c2/9|"),
    ],
)
def test_tuplets(music: str, plain: str) -> None:
    assert notes(read(music, HEADER)) == notes(read(plain, HEADER))


@pytest.mark.parametrize(
    "music",
    [
        "D E F G`A``B cd|d8|]",
        "DEFG y ABcd|y4d8|]",
        "(DEFG) .(ABcd)|d8|]",
        "{a}D{/b}EF{cde}G ABcd|d8|]",
        ".D~E!f!FuG ABcd|d8|]",
        "[N:so]DEFG ABcd|[r:so]d8|]",
        "DEFG ABcd|*\nd8|]*",
        "DEFG ABcd| % a comment\nd8|] % and more",
        'DEFG"^up"AB"_down""<left"cd|d8|]',
        "DEFG ABcd|\\\nd8|]",
        "DEFG ABcd|\\ % joined\nd8|]",
        "T|DEFG ABcd|S|d8|]",
    ],
)
def test_what_has_no_sound_is_left_out(music: str) -> None:
    assert says("X:1\nT:t\nM:4/4\nL:1/8\nK:D\n" + music, PLAIN)
