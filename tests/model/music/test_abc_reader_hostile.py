"""The reader on text that means harm: it answers quickly, with a tune or with one line."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.errors import NotationError
from model.music.abc_file import tune_texts
from model.music.abc_reader import LONGEST_TEXT, parse
from model.music.abc_writer import write
from model.music.parts import parts_of
from tests.model.music.reading import told

HEADER = "X:1\nM:4/4\nL:1/8\nK:D\n"
SECONDS = 10  # of the processor: fifty thousand characters take half of one; an expression that backtracks takes hours

_abc = st.text(st.sampled_from("ABcdz|:[]()<>{}\"!^_='+-,./123 \\%&²K\n"), max_size=60)


def survives(text: str) -> None:
    refusal = told(lambda: parse(text))
    assert "\n" not in refusal
    assert len(refusal) < 300
    if not refusal:
        tune = parse(text)
        assert parse(write(tune)) == tune
        assert len(told(lambda: parts_of(tune))) < 300


@given(_abc)
@settings(max_examples=200, deadline=2000)
def test_any_music_is_read_or_refused_in_one_line(music: str) -> None:
    survives(HEADER + music)


@example("T", "\\")
@example("R", "a \\ b")
@given(st.sampled_from("XTMLQKRVPIwsZ"), st.text(max_size=20))
@settings(max_examples=150, deadline=2000)
def test_any_field_is_read_or_refused_in_one_line(name: str, value: str) -> None:
    survives(f"X:1\n{name}:{value}\nK:D\nA|\n{name}:{value}\nB|")


@pytest.mark.parametrize(
    "unit",
    [
        "A",
        "A>",
        "A> ",
        "A/",
        "9",
        "A-",
        "|",
        ":",
        "[|",
        "|1",
        "(3:",
        "!a",
        "[A",
        "[K:",
        '"',
        "{",
        "\\ ",
        " ",
        "+a",
        "/",
    ],
)
def test_endless_repetition_ends_soon(unit: str) -> None:
    music = (unit * LONGEST_TEXT)[: LONGEST_TEXT // 2]
    started = time.process_time()
    assert len(told(lambda: parse(HEADER + "A" + music + "#"))) < 300
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("field", ["X:{}", "Q:{}", "Q:1/4={}", "M:{}/4", "M:4/{}", "L:1/{}", "K:D{}", "V:{}", "T:{}"])
@pytest.mark.parametrize("filler", ["9", " ", "a", "#"])
def test_endless_fields_end_soon(field: str, filler: str) -> None:
    value = field.format(filler * 30_000 + "x")
    started = time.process_time()
    assert len(told(lambda: parse(f"X:1\n{value}\nK:D\nA8|"))) < 300
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "length", ["A{}", "A/{}", "A1/{}", "z{}", "Z{}", "[Ac]{}", "(3:{}:3ABc", "(3:2:{}ABc", "|{} A"]
)
def test_numbers_of_thousands_of_digits_are_refused(length: str) -> None:
    with pytest.raises(NotationError, match=r"^line 5, column \d+: ") as caught:
        parse(HEADER + length.format("7" * 5000))
    assert len(str(caught.value)) < 100


def test_a_text_of_megabytes_is_refused_unread() -> None:
    with pytest.raises(NotationError, match="a tune has at most"):
        parse(HEADER + "A" * 1_000_000)


def test_a_line_of_ten_megabytes_is_cut_into_tunes_at_once() -> None:
    started = time.process_time()
    assert len(list(tune_texts("X:1\n" + "A" * 10_000_000))) == 1
    assert len(list(tune_texts("X:1\nK:D\n" + " " * 10_000_000))) == 1
    assert time.process_time() - started < SECONDS
