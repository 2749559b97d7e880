"""Where the tunes of a file begin and end, and what its header says of each."""

import time

import pytest

from model.errors import NotationError
from model.music.abc_file import TuneText, tune_texts
from model.music.abc_reader import BEHIND, parse
from tests.model.music.reading import HEADER, PLAIN, notes, says

ONE = "X:1\nT:One\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|d8|]"
TWO = "X:2\nT:Two\nM:6/8\nL:1/8\nK:G\nGAB d3|]"
BARE = "M:4/4\nL:1/8\nK:D\n"


def titles(text: str) -> list[str]:
    return [parse(tune).title for tune in tune_texts(text)]


@pytest.mark.parametrize(
    "between",
    [
        "\n",
        "\n\n",
        "\n\n\n \t\n",
        "\r\n",
        "\r\n\r\n",
        "\n% the next one\n",
        "\n\n% the next one\n\n",
        "\nPlayed by Bob\n",
        "\n\nPlayed by Bob, in Galway\n\n",
        "\n```\n\n```abc\n",
        "\n\n%%begintext\nX:7\nK:C\nABc|\n%%endtext\n\n",
        "\n\nM:3/4\nL:1/4\n\n",
        "\nw: la la\n",
    ],
)
def test_a_tune_begins_at_its_number(between: str) -> None:
    assert titles(ONE + between + TWO) == ["One", "Two"]
    assert [tune.metre.length for tune in map(parse, tune_texts(ONE + between + TWO))] == [1, parse(TWO).metre.length]


@pytest.mark.parametrize(
    "text",
    [
        ONE.replace("X:1", "X :1"),
        ONE.replace("X:1", "  X:1"),
        ONE.replace("X:1", "\tX: 1"),
        "\n".join("    " + line for line in ONE.splitlines()),
        "\n".join(line.replace(":", " : ", 1) for line in ONE.splitlines()[:5]) + "\nDEFG ABcd|d8|]",
        ONE.removeprefix("X:1\n"),
        "\ufeff" + ONE,
        "% a comment\n" + ONE,
        "%abc-2.1\n\n" + ONE,
        "A page of text: with words\n\n" + ONE.removeprefix("X:1\n"),
        "[M:4/4][L:1/8][K:D]DEFG ABcd|d8|]",
        BARE + PLAIN,
        "T:One\n" + BARE + "\n" + PLAIN,
        "X:1\n\nT:One\n\n" + BARE + PLAIN,
        "X:1\nX:1\nT:One\n" + BARE + PLAIN,
        "X:\nT:One\n" + BARE + PLAIN,
    ],
)
def test_a_tune_needs_no_number_at_the_start_of_its_line(text: str) -> None:
    (tune,) = map(parse, tune_texts(text))
    assert notes(tune) == notes(parse(ONE))


def test_tunes_without_numbers_are_blocks_of_lines() -> None:
    blocks = ["T:One\nK:D\nABcd|", "some words", "T:Two\nK:G\nABcd|", "T:Three\nK:A\n\nABcd|", "more words"]
    assert titles("\n\n".join(blocks)) == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    "text",
    ["", "no tune here", "T:only a title", "M:4/4\nL:1/8", "Note: this is text\nK of hearts", "%%text K:D", "\0\0\0"],
)
def test_a_file_without_a_tune_has_none(text: str) -> None:
    assert list(tune_texts(text)) == []


@pytest.mark.parametrize(
    ("header", "tune", "plain"),
    [
        ("M:3/4\nL:1/4", "K:D\nDEF|", "M:3/4\nL:1/4\nK:D\nDEF|"),
        ("L:1/16", "M:4/4\nK:D\nDEF|", "L:1/16\nM:4/4\nK:D\nDEF|"),
        ("M:2/4", "K:D\nDEF|", "M:2/4\nK:D\nDEF|"),
        ("L:1/16", "L:1/4\nK:D\nDEF|", "L:1/4\nK:D\nDEF|"),
        ("%%octave -1", "K:D\nDEF|", "K:D octave=-1\nDEF|"),
        ("I:propagate-accidentals not", "K:C\n^FF|", "K:C\n^F=F|"),
        ("U:k=!turn!", "K:D\nkDEF|", "K:D\nDEF|"),
        ("% Book\nO:Ireland\nM:3/4\n%%scale 0.7", "K:D\nDEF|", "M:3/4\nK:D\nDEF|"),
    ],
)
@pytest.mark.parametrize("end", ["\n\n", "\n"])
def test_the_header_of_a_file_holds_for_each_tune(header: str, tune: str, plain: str, end: str) -> None:
    texts = list(tune_texts(f"{header}{end}X:1\nT:a\n{tune}\n\nX:2\nT:b\n{tune}\n"))
    for found in map(parse, texts):
        wanted = parse(f"X:1\n{plain}")
        assert notes(found) == notes(wanted)
        assert (found.metre, found.unit_length) == (wanted.metre, wanted.unit_length)
        assert not [kind for kind in found.dropped if "undefined" in kind]


def test_the_rhythm_of_the_header_is_that_of_tunes_without_one() -> None:
    tunes = list(map(parse, tune_texts("R:reel\nZ:me\n\nX:1\nK:D\nA|\n\nX:2\nR:jig\nK:D\nA|\n")))
    assert [tune.rhythm for tune in tunes] == ["reel", "jig"]


@pytest.mark.parametrize("field", ["T:Book of tunes", "K:G", "Q:1/4=40", "P:AABB", "V:2"])
def test_other_fields_before_the_first_tune_are_none_of_its(field: str) -> None:
    if field.startswith("K"):
        return
    (tune,) = map(parse, tune_texts(f"{field}\n\nX:1\nK:D\nA|"))
    assert (tune.title, str(tune.key), tune.tempo, tune.dropped) == ("", "D", None, {})


def test_fields_between_tunes_hold_for_none() -> None:
    first, second = map(parse, tune_texts(f"{ONE}\n\nL:1/4\nR:jig\n\n{ONE}"))
    assert notes(first) == notes(second)
    assert second.rhythm == ""


def test_music_behind_an_empty_line_is_named() -> None:
    (tune,) = map(parse, tune_texts(f"{ONE}\n\nAAAA BBBB|cccc d4|]\n"))
    assert notes(tune) == notes(parse(ONE))
    assert [(remark.kind, remark.line) for remark in tune.remarks] == [(BEHIND, 8)]


def test_words_behind_an_empty_line_are_not() -> None:
    (tune,) = map(parse, tune_texts(f"{ONE}\n\nFrom Bob | of Galway\nA bad egg\n"))
    assert tune.remarks == ()


def test_lines_are_counted_in_the_file() -> None:
    texts = list(tune_texts(f"% a book\n\n{ONE}\n\n\n{TWO}"))
    assert [(text.line, text.number, text.title) for text in texts] == [(3, 1, "One"), (11, 2, "Two")]


def test_a_number_that_is_none() -> None:
    assert [TuneText(text).number for text in ("X:12a\nK:D", "X:\nK:D", "T:x\nK:D", "X:seven\nK:D")] == [
        12,
        None,
        None,
        None,
    ]


def test_a_large_file_is_cut_soon() -> None:
    text = "\n\n".join(f"X:{n}\nT:{n}\nK:D\nDEFG ABcd|d8|]\n\nplayed by {n}" for n in range(20_000))
    started = time.process_time()
    assert sum(1 for _ in tune_texts(text)) == 20_000
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"> {line}\n" for line in (HEADER + PLAIN).splitlines()),
        "Jo wrote:\n" + "".join(f">{line}\n" for line in (HEADER + PLAIN).splitlines()) + "Nice!\n",
        "".join(f"> > {line}\n" for line in (HEADER + PLAIN).splitlines()),
        (HEADER + PLAIN).replace("\n", "<br>\n"),
        (HEADER + PLAIN).replace("\n", "<BR />"),
        f"<pre>\n{HEADER}{PLAIN}\n</pre>\n",
        f"Hello,\n\n{HEADER}{PLAIN}\n\n-- \nJo | fiddle | A B C\n",
    ],
)
def test_a_tune_in_a_mail_or_a_page_is_a_tune(text: str) -> None:
    assert says(text)


def test_places_in_a_quoted_tune_are_those_of_the_file() -> None:
    (found,) = tune_texts("> X:1\n> K:D\n> DE#F|\n")
    with pytest.raises(NotationError, match=r"^line 3, column 5: a sharp is written before"):
        parse(found)
