from fractions import Fraction
from xml.etree.ElementTree import Element, fromstring

import pytest

from bot.core.errors import RenderError
from bot.render.sheet import mei
from model.music.abc_reader import parse
from model.music.key import LETTERS, all_keys
from tests.bot.render.tunes import HORNPIPE, JIG, REEL

MEI = "{http://www.music-encoding.org/ns/mei}"
HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:D\n"


def written(abc: str) -> Element:
    return fromstring(mei.write(parse(abc)))


def find(abc: str, tag: str) -> list[Element]:
    return list(written(abc).iter(MEI + tag))


def accidentals(music: str) -> list[str]:
    return [note.get("accid", "") for note in find(HEADER + music, "note")]


def beams(abc: str) -> list[str]:
    return ["".join(note.attrib["pname"] for note in beam.iter(MEI + "note")) for beam in find(abc, "beam")]


def test_first_and_second_endings_are_kept() -> None:
    endings = find(JIG, "ending")
    assert [ending.get("n") for ending in endings] == ["1", "2", "1", "2"]
    assert [len(ending.findall(MEI + "measure")) for ending in endings] == [1, 1, 1, 1]


def test_repeats_stand_at_both_sides_of_a_part() -> None:
    measures = find(REEL, "measure")
    assert [i for i, measure in enumerate(measures) if measure.get("left") == "rptstart"] == [0, 9]
    assert [i for i, measure in enumerate(measures) if measure.get("right") == "rptend"] == [8, 17]


@pytest.mark.parametrize("abc", [JIG, HORNPIPE, REEL])
def test_every_note_is_written_once_with_its_length(abc: str) -> None:
    tune = parse(abc)
    root = written(abc)
    ratios = {
        note: Fraction(int(tuplet.attrib["numbase"]), int(tuplet.attrib["num"]))
        for tuplet in root.iter(MEI + "tuplet")
        for note in tuplet.iter(MEI + "note")
    }
    notes = list(root.iter(MEI + "note"))
    lengths = [
        Fraction(1, int(note.attrib["dur"])) * (2 - Fraction(1, 2 ** int(note.get("dots", "0")))) * ratios.get(note, 1)
        for note in notes
    ]
    names = [(note.attrib["pname"].upper(), int(note.attrib["oct"])) for note in notes]
    assert lengths == [note.length for note in tune.notes]
    assert names == [(LETTERS[pitch.step], pitch.octave) for pitch in tune.pitches]


def test_accidentals_hold_until_the_bar_line_only() -> None:
    assert accidentals("^d2 d2 =d2 d2|d8|") == ["s", "", "n", "", ""]


def test_the_signature_needs_no_accidentals() -> None:
    assert accidentals("f2 c2 =f2 c2|") == ["", "", "n", ""]


def test_an_accidental_in_another_octave_is_printed_again() -> None:
    assert accidentals("^G2 ^g2 =G2 ^g2|") == ["s", "s", "n", ""]
    assert accidentals("^G2 =g2 g2 ^G2|") == ["s", "n", "", ""]


def test_a_tied_note_keeps_its_accidental_over_the_bar_line() -> None:
    notes = find(HEADER + "d4 ^d4-|d4 d4|", "note")
    assert [note.get("accid") for note in notes] == [None, "s", None, None]
    assert [note.get("tie") for note in notes] == [None, "i", "t", None]


def test_a_length_that_no_note_has_becomes_two_tied_ones() -> None:
    notes = find(HEADER + "d5 z3|", "note")
    assert [(note.get("dur"), note.get("tie")) for note in notes] == [("2", "i"), ("8", "t")]


def test_a_long_note_in_nine_eight_is_dotted_beats() -> None:
    notes = find("X:1\nM:9/8\nL:1/8\nK:D\nd9|", "note")
    assert [(note.get("dur"), note.get("dots")) for note in notes] == [("2", "1"), ("4", "1")]


def test_eighths_are_beamed_by_half_bars_and_triplets_apart() -> None:
    assert beams(HEADER + "dcBA (3ABc dA|") == ["dcba", "abc", "da"]


def test_jigs_are_beamed_in_threes() -> None:
    assert beams("X:1\nM:6/8\nL:1/8\nK:D\ndcB ABc|d2B ABc|") == ["dcb", "abc", "abc"]


def test_triplets_of_quarters_have_a_bracket() -> None:
    brackets = [tuplet.get("bracket.visible") for tuplet in find(HEADER + "(3d2c2B2 (3ABc d2|", "tuplet")]
    assert brackets == ["true", "false"]


@pytest.mark.parametrize("key", all_keys(), ids=str)
def test_every_key_has_its_signature(key: object) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\nK:{key}\nC8|")
    (signature,) = fromstring(mei.write(tune)).iter(MEI + "keySig")
    fifths = tune.key.fifths
    assert signature.get("sig") == (f"{abs(fifths)}{'sf'[fifths < 0]}" if fifths else "0")


@pytest.mark.parametrize("music", ["d/1000 d7|", "d2000|", "d8|" * (mei.MOST_BARS + 1)])
def test_what_cannot_be_engraved_is_refused_in_one_line(music: str) -> None:
    with pytest.raises(RenderError) as refusal:
        mei.write(parse(HEADER + music))
    assert "\n" not in str(refusal.value)
