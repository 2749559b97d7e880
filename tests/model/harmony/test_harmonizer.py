import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from model.errors import InputError
from model.harmony.harmonizer import harmonize
from model.harmony.palettes import PALETTES
from model.harmony.spans import span_length
from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.tune import Tune

LEAD_SHEETS = Path(__file__).parents[4] / "shared" / "lead-sheets"
HEADER = "X:1\nT:Test\nM:6/8\nL:1/8\n"
JIG = "|:B|GBd gdB|cec dBG|GBd gdB|ADF A2B|GBd gdB|cec dBG|FAF DEF|G3 G2:|\n"


def names(abc: str) -> list[str]:
    return [chord.name for bar in harmonize(parse(abc)).bars for chord in bar.chords]


def bare(tune: Tune) -> Tune:
    return replace(tune, bars=tuple(replace(bar, chords=()) for bar in tune.bars))


def test_a_plain_jig_has_the_chords_that_everybody_plays() -> None:
    tune = harmonize(parse(HEADER + "K:G\n" + JIG))
    assert [" ".join(chord.name for chord in bar.chords) for bar in tune.bars] == [
        *("", "G", "C G", "", "D", "G", "C G", "D", "G"),
    ]


def test_every_part_and_every_ending_says_its_chord_anew() -> None:
    tune = harmonize(parse(HEADER + "K:G\n|:G6|G6|G6|1G6:|2G6||\n|:G6|G6|G6|G6:|\n"))
    assert [bool(bar.chords) for bar in tune.bars] == [True, False, False, True, True, True, False, False, False]


def test_a_part_ends_on_its_tonic_and_the_bar_before_leads_there() -> None:
    assert names("X:1\nM:4/4\nL:1/8\nK:Ador\n|:A2A2 e2e2|g2e2 d2B2|A2A2 e2d2|B2G2 A4:|")[-2:] == ["G", "Am"]


def test_equal_bars_have_equal_chords() -> None:
    tune = harmonize(parse("X:1\nM:4/4\nL:1/8\nK:D\n|:d2fd cAAc|BGGB AFFA|d2fd cAAc|BGGB A2F2|d2fd cAAc|E2FG A2d2:|"))
    sounding = list(held(tune))
    assert sounding[0:2] == sounding[4:6] == sounding[8:10]


def test_no_chord_changes_under_a_held_note_so_the_notes_stay_as_written() -> None:
    tune = parse("X:1\nM:4/4\nL:1/8\nK:G\nG6 F2|D8|F2E6|G8|]")
    again = parse(write(harmonize(tune)))
    assert [bar.notes for bar in again.bars] == [bar.notes for bar in tune.bars]


def test_the_chords_of_an_opening_are_kept_and_the_others_added() -> None:
    tune = harmonize(parse(HEADER + 'K:G\n"Em"GBd "Bm"gdB|cec dBG|"F7"GBd gdB|' + "GBd gdB|cec dBG|" * 4 + "G6|]"))
    assert [chord.name for bar in tune.bars[:3] for chord in bar.chords] == ["Em", "Bm", "F7"]
    assert not tune.bars[1].chords
    assert tune.bars[3].chords[0].name == "G"


def test_a_tune_that_has_its_chords_stays_as_it_is() -> None:
    tune = parse(HEADER + 'K:G\n"Em"GBd gdB|cec dBG|"F7"GBd gdB|cec dBG|"Bm"GBd gdB|G6|]')
    assert harmonize(tune) == tune


def test_a_tune_of_rests_alone_is_refused() -> None:
    with pytest.raises(InputError, match="no notes"):
        harmonize(parse(HEADER + "K:G\nz6|z6|]"))


@pytest.mark.parametrize("music", ["z6|zzz d3|z6|]", "d|", "(5defga b|c'12|]", "d12|d3|ddd ddd ddd|", "[1d6:|[2d6|d6"])
@pytest.mark.parametrize("key", ["C#", "Cb", "Bloc", "Flyd", "Ephr", "Abm"])
@pytest.mark.parametrize("metre", ["6/8", "9/8", "C|", "3/4", "5/4", "3/2", "1/4"])
def test_any_tune_gets_chords(metre: str, key: str, music: str) -> None:
    assert names(f"X:1\nM:{metre}\nL:1/8\nK:{key}\n{music}\n")


def test_the_books_get_chords_of_their_palettes_and_keep_their_notes(book: Path) -> None:
    for text in tune_texts(book.read_text()):
        try:
            tune = bare(parse(text))
        except InputError:
            continue
        chords = harmonize(tune)
        palette = {chord.name(tune.key) for chord in PALETTES[tune.key.mode]}
        assert {chord.name for bar in chords.bars for chord in bar.chords} <= palette
        again = parse(write(chords))
        assert again.bars == chords.bars
        assert bare(again).bars == tune.bars


def test_people_agree_on_seventy_percent_in_five_milliseconds_a_tune() -> None:
    tunes = list(lead_sheets())
    if not tunes:
        pytest.skip("the lead sheets are not here")
    agreed, taken = [], []
    for tune in tunes:
        began = time.process_time()
        ours = harmonize(bare(tune))
        taken.append(time.process_time() - began)
        pairs = zip(held(tune), held(ours), strict=True)
        agreed += [triad(theirs) == triad(our) for theirs, our in pairs if theirs and our]
    assert len(tunes) > 450
    assert statistics.fmean(agreed) > 0.72
    assert statistics.median(taken) < 0.005


def lead_sheets() -> Iterator[Tune]:
    for path in sorted(LEAD_SHEETS.glob("*.abc")):
        for text in tune_texts(path.read_text()):
            try:
                tune = parse(text)
            except InputError:
                continue
            if "key change" not in tune.dropped and any(bar.chords for bar in tune.bars):
                yield tune


def held(tune: Tune) -> Iterator[str]:
    """The chord that sounds at the beginning of each span, bar for bar; empty before the first."""
    length, name = span_length(tune.metre), ""
    for bar in tune.bars:
        for index in range(-(-bar.length // length)):
            name = next((chord.name for chord in reversed(bar.chords) if chord.at <= index * length), name)
            yield name


def triad(name: str) -> tuple[str, str]:
    match = re.match(r"\(?([A-G][#b]?)(m(?!aj)|dim|d$|)", name)
    return (match[1], match[2]) if match else ("", "")
