"""Fields: what stands behind K:, what K: and V: say beside key and voice, and headers in one line."""

from fractions import Fraction

import pytest

from model.errors import NotationError
from model.music.abc_reader import parse
from model.music.tune import Metre
from tests.model.music.reading import HEADER, PLAIN, kinds, notes, read, says

JIG = "DFA dAF|d3 D3|]"
JIG_HEADER = "X:1\nT:t\nM:6/8\nL:1/8\nK:D\n"


@pytest.mark.parametrize(
    "text",
    [
        f"X:1\nT:t\nL:1/8\nK:D\nM:6/8\n{JIG}",
        f"X:1\nT:t\nM:4/4\nL:1/8\nK:D\nM:6/8\n{JIG}",
        f"X:1\nT:t\nM:4/4\nL:1/4\nK:G\nM:6/8\nL:1/8\nK:D\nP:A\n{JIG}",
        f"X:1\nT:t\nL:1/4\nK:D\nM:6/8\n\nL:1/8\n% begins\n{JIG}",
        f"X:1\nT:t\nL:1/8\nK:D\n[M:6/8]{JIG}",
        f"X:1\nT:t\nL:1/8\nK:D\n|:[M:6/8]{JIG}",
        f"X:1\nT:t\nL:1/4\nK:D\n[L:1/8] [M:6/8] {JIG}",
        f"[K:D][M:6/8][L:1/8]{JIG}",
        f"[M:6/8][K:D]{JIG}",
        f"X:1\nT:t\nK:D M:6/8 {JIG}",
        f"X:1\nT:t\nK:D M:6/8 L:1/8 {JIG}",
        f"K:D M:6/8 L:1/8 |{JIG}",
        f"K:D [M:6/8] {JIG}",
        f"X:1 T:A jig M:6/8 L:1/8 K:D {JIG}",
        f"X: 1 T: A jig R: jig M: 6/8 L: 1/8 K: D\n{JIG}",
        f"X:1\nT:A jig M:6/8 L:1/8 K:Dmaj {JIG}",
        f"X:1\nT:t\nM:6/8 L:1/8\nK:D\n{JIG}",
    ],
)
def test_fields_between_the_key_and_the_first_note_set_metre_and_unit(text: str) -> None:
    tune = parse(text)
    assert (tune.metre, tune.unit_length, str(tune.key)) == (Metre(6, 8), Fraction(1, 8), "D")
    assert notes(tune) == notes(parse(JIG_HEADER + JIG))
    assert "metre change" not in tune.dropped


def test_a_tempo_behind_the_key_sets_it() -> None:
    assert read(f"Q:1/4=90\n{PLAIN}").tempo == (Fraction(1, 4), 90)
    assert "tempo change" not in read(f"Q:1/4=90\n{PLAIN}").dropped
    assert read("Q:1/4=90\nA8|[Q:1/4=60]A8|").dropped == {"tempo change": 1}


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("M:2/4\nK:D", "1/16"),
        ("M:4/4\nK:D\nM:2/4", "1/8"),  # a metre behind the header leaves the unit length
        ("K:D\nM:2/4", "1/16"),
        ("M:none\nK:D", "1/8"),
        ("K:D\nL:1/4", "1/4"),
        ("L:1/16\nM:6/8\nK:D", "1/16"),
    ],
)
def test_the_unit_length_without_a_field(header: str, unit: str) -> None:
    assert str(parse(f"X:1\n{header}\nA|").unit_length) == unit


@pytest.mark.parametrize(
    ("first", "then"),
    [("C", "4/4"), ("4/4", "C"), ("C|", "2/2"), ("2/2", "C|"), ("6/8", "6/8"), ("none", "none"), ("2+3/8", "5/8")],
)
def test_a_metre_said_again_in_another_way_is_no_change(first: str, then: str) -> None:
    assert read(f"A8|\nM:{then}\nA8|", f"X:1\nM:{first}\nL:1/8\nK:D\n").dropped == {}


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("M:3/4", "metre change"),
        ("M:2/2", "metre change"),
        ("M:none", "metre change"),
        ("[M:6/8]", "metre change"),
        ("K:G", "key change"),
        ("[K:Bm]", "key change"),
        ("K:D ^g", "key change"),
        ("[K:none]", "key change"),
    ],
)
def test_changes_inside_the_tune_are_named(field: str, kind: str) -> None:
    assert kind in read(f"A8|\n{field}\nA8|").dropped


@pytest.mark.parametrize(
    "field", ["K:D", "K:Dmaj", "[K:D major]", "[K:clef=bass]", "K:bass", "K:treble-8", "[K:D clef=alto]", "K: D"]
)
def test_the_same_key_or_a_clef_alone_is_no_change(field: str) -> None:
    tune = read(f"A8|\n{field}\nf8|")
    assert "key change" not in tune.dropped
    assert tune.bars[1].notes[0].pitch
    assert tune.bars[1].notes[0].pitch.alter == 1


@pytest.mark.parametrize(
    ("key", "octaves"),
    [
        ("D octave=-1", -1),
        ("D octave=1", 1),
        ("D clef=treble octave=-2", -2),
        ("D treble-8", -1),
        ("D clef=treble+8", 1),
        ("D clef=bass-8", -1),
        ("Dmaj treble-15", -2),
        ("D -8va", -1),
        ("octave=-1 D", -1),
        ("D\nV:1 octave=-1", -1),
        ('D\nV:1 clef=treble-8 name="Tin whistle"', -1),
        ("D\n[V:1 octave=+1]", 1),
        ("D\nI:octave=-1", -1),
        ("D\n%%octave -1", -1),
        ("D octave=1\nK:D octave=0", 0),
    ],
)
def test_octaves_move_the_notes(key: str, octaves: int) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\nK:{key}\n{PLAIN}")
    plain = [pitch.midi for pitch in parse(HEADER + PLAIN).pitches]
    assert [pitch.midi - 12 * octaves for pitch in tune.pitches] == plain


@pytest.mark.parametrize(
    "options",
    [
        "clef=treble",
        "treble",
        "bass",
        'clef=treble name="Tin whistle"',
        'name="Tin whistle, in D" nm="T. w."',
        "stafflines=5 staffscale=1.0",
        "clef=alto1 style=normal",
        "none",
        "clef=none",
        "stem=up gstem=up dyn=down lyrics=up",
    ],
)
@pytest.mark.parametrize("field", ["K:D {}", "K:D\nV:1 {}", "K:D\n[V:1 {}]"])
def test_options_that_move_nothing_leave_the_key_and_the_notes(field: str, options: str) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\n{field.format(options)}\n{PLAIN}")
    assert (str(tune.key), tune.dropped) == ("D", {})
    assert notes(tune) == notes(parse(HEADER + PLAIN))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("transpose=-2", "transpose="),
        ("t=2", "t="),
        ("middle=d", "middle="),
        ("shift=DE", "shift="),
        ("score=B", "score="),
        ("instrument=Bb", "instrument="),
        ("clef=perc", "percussion clef"),
        ("treble^8", "clef treble^8"),
        ("capo=2", "capo="),
    ],
)
def test_other_options_are_named(options: str, named: str) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\nK:D {options}\n{PLAIN}")
    assert tune.dropped == {named: 1}
    assert (tune.remarks[0].line, tune.remarks[0].column) == (4, 3)
    assert parse(f"X:1\nM:4/4\nL:1/8\nK:D\nV:1 {options}\n{PLAIN}").dropped == {named: 1}


@pytest.mark.parametrize(
    ("value", "key", "scale"),
    [
        ("none", "C", "CDEFGAB"),
        ("", "C", "CDEFGAB"),
        ("D Phr ^f", "Dphr", "CD_E^FGA_B"),
        ("Dphr^f", "Dphr", "CD_E^FGA_B"),
        ("D exp _b", "Dm", "CDEFGA_B"),
        ("D exp ^f ^c", "D", "^CDE^FGAB"),
        ("A exp", "Am", "CDEFGAB"),
        ("Dm^c", "Dm", "^CDEFGA_B"),
        ("D m ^c", "Dm", "^CDEFGA_B"),
        ("Dm ^c =b", "Dm", "^CDEFGAB"),
        ("D=c", "D", "CDE^FGAB"),
        ("Dmix=c", "Dmix", "CDE^FGAB"),
        ("D =c _B", "D", "CDE^FGA_B"),
        ("G ^c ^g", "G", "^CDE^F^GAB"),
        ("^f", "C", "CDE^FGAB"),
        ("none ^f _b", "C", "CDE^FGA_B"),
        ("HP", "Amix", "^CDE^FGAB"),
        ("Hp", "Amix", "^CDE^FGAB"),
        ("A Mixolydian", "Amix", "^CDE^FGAB"),
        ("AMIX", "Amix", "^CDE^FGAB"),
        ("A mixo", "Amix", "^CDE^FGAB"),
        ("F# Minor", "F#m", "^CDE^F^GAB"),
        ("F sharp minor", "F#m", "^CDE^F^GAB"),
        ("B b", "Bb", "CD_EFGA_B"),
        ("Bb Major", "Bb", "CD_EFGA_B"),
        ("E Dorian % as printed", "Edor", "^CDE^FGAB"),
        ("D Mix (as on the record)", "Dmix", "CDE^FGAB"),
        ("G (Ionian)", "G", "CDE^FGAB"),
    ],
)
def test_keys_and_their_accidentals(value: str, key: str, scale: str) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\nK:{value}\nCDEFGAB|")
    assert str(tune.key) == key
    assert notes(tune) == notes(parse(f"X:1\nM:4/4\nL:1/8\nK:C\n{scale}|"))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("none", "key without a tonic"),
        ("", "key without a tonic"),
        ("^f", "key without a tonic"),
        ("D =c", "signature of its own"),
        ("D exp _b ^f", "signature of its own"),
    ],
)
def test_what_the_name_of_a_key_does_not_say_is_named(value: str, kind: str) -> None:
    assert parse(f"X:1\nK:{value}\nA|").dropped == {kind: 1}


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("K:H", "line 2, column 3: unknown key 'H'"),
        ("K: Es", "line 2, column 4: unknown key 'Es'"),
        ("K:G#", "line 2, column 3: G# has more than seven accidentals"),
        ("K:D octave=low", "line 2, column 3: octave=low: expected a number"),
        ("M:4/4/4", "line 2, column 3: unknown metre '4/4/4'"),
        ("M:4", "line 2, column 3: unknown metre '4'"),
        ("M:6/8 at first", "line 2, column 3: expected the end of the field, not 'at first'"),
        ("L:1/8 or so", "line 2, column 3: expected the end of the field, not 'or so'"),
        ("L:quaver", "line 2, column 3: unit length 'quaver'"),
    ],
)
def test_errors_in_fields_name_their_place(field: str, message: str) -> None:
    with pytest.raises(NotationError, match=f"^{message}"):
        parse(f"X:1\n{field}\nK:D\nA|")


@pytest.mark.parametrize("metre", ["none", "", "2+3/8", "(2+2+3)/8", "C|", "C", "12/8", "5/4", " 6/8 ", "6 / 8"])
def test_metres_are_written_as_they_were(metre: str) -> None:
    tune = parse(f"X:1\nM:{metre}\nL:1/8\nK:D\nA|")
    assert str(tune.metre) == ("".join(metre.split()) or "none")
    assert tune.metre.free == (metre in ("none", ""))


@pytest.mark.parametrize(
    "text",
    [
        "V:1\nABcd|\nV:2\nABcd|",
        "V:1 name=A\nV:2 name=B\n[V:1]ABcd|\n[V:2]ABcd|",
        "ABcd|\nV:2\nABcd|",
        "V:T\nABcd|\nV:B\nz8|",
        "ABcd & D4|",
        "ABcd|\nV:fiddle\nABcd|",
    ],
)
def test_a_second_voice_is_named_with_its_place(text: str) -> None:
    with pytest.raises(NotationError, match=r"^line \d+, column \d+: a second voice") as caught:
        read(text)
    assert caught.value.kind == "several voices"


@pytest.mark.parametrize(
    "text",
    [
        f"V:1\n{PLAIN}",
        f"V:1\nV:2\n[V:1]{PLAIN}",
        f"V:fiddle clef=treble\n{PLAIN}",
        "[V:1]DEFG ABcd|\n[V:1]d8|]",
        "V:1\nDEFG ABcd|\nV:1\nd8|]",
    ],
)
def test_one_voice_that_sounds_is_a_melody(text: str) -> None:
    assert says(HEADER + text)


def test_a_voice_has_its_own_octave() -> None:
    tune = read("V:1 octave=1\nV:2 octave=-1\nV:1\nA8|")
    assert [pitch.midi for pitch in tune.pitches] == [81]


@pytest.mark.parametrize("rule", ["octave", "pitch", "not"])
def test_accidentals_reach_as_far_as_the_tune_says(rule: str) -> None:
    expected = {"octave": "^F=f^F", "pitch": "^F^f^F", "not": "^F=f=F"}[rule]
    assert notes(read(f"[I:propagate-accidentals {rule}]^Ff F|", "X:1\nL:1/8\nK:C\n")) == notes(
        read(f"{expected}|", "X:1\nL:1/8\nK:C\n")
    )


def test_the_order_of_parts_is_named_and_their_names_are_not() -> None:
    tune = parse("X:1\nP:AABB\nK:D\nP:A\nA8|[P:B]A8|")
    assert tune.dropped == {"order of parts": 1}


def test_a_second_title_and_a_continued_one() -> None:
    assert parse("X:1\nT:One\n+:and more\nT:Two\nK:D\nA|").title == "One and more"
    assert kinds(read("A8|\nT:Second part\nA8|")) == ["title inside the tune"]
