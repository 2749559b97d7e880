from fractions import Fraction

import pytest

from bot.render.performance.players import TICKS
from bot.render.performance.swing import Note, Swing, played_bars, played_notes, ticks
from model.music.abc_reader import parse
from model.music.grid import GRID
from model.music.tune import Tune
from tests.bot.render.tunes import JIG, REEL

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:D\n"
EIGHTH = TICKS // 2
EVEN, HORNPIPE = Swing((500,), GRID // 4, 152), Swing((630,), GRID // 4, 152)


def notes(tune: Tune, swing: Swing = EVEN) -> list[Note]:
    return list(played_notes(tune, played_bars(tune), swing))


@pytest.mark.parametrize("abc", [JIG, REEL])
def test_every_note_is_played_where_the_repeats_put_it(abc: str) -> None:
    tune = parse(abc)
    place, found = Fraction(0), []
    before = None
    for bar in tune.played():
        for note in bar.notes:
            if note.pitch and not (before and before.tied):
                found.append((round(place * 4 * TICKS), note.pitch.midi))
            before, place = note, place + note.length
    assert [(note.start, note.pitch) for note in notes(tune)] == found


def test_a_bar_knows_how_often_it_was_played_and_where_a_pickup_begins() -> None:
    bars = played_bars(parse(HEADER + "|:A2|d8|1e6:|2d6|]"))
    assert [(bar.bar, bar.time) for bar in bars] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (3, 0)]
    assert [bar.start + bar.place for bar in bars[:2]] == [0, 2 * EIGHTH]
    assert (bars[0].place, bars[3].place) == (6 * EIGHTH, 6 * EIGHTH)


def test_pairs_of_eighths_are_swung_and_nothing_else() -> None:
    tune = parse(HEADER + "dc BA (3ABc d>e|f4 f2 fe|")
    moved = round(2 * EIGHTH * 0.63)
    assert [note.start for note in notes(tune, HORNPIPE)] == [
        *(0, moved, 2 * EIGHTH, 2 * EIGHTH + moved),
        *(4 * EIGHTH, 4 * EIGHTH + 2 * EIGHTH // 3, 4 * EIGHTH + 4 * EIGHTH // 3),
        *(6 * EIGHTH, 6 * EIGHTH + 3 * EIGHTH // 2),
        *(8 * EIGHTH, 12 * EIGHTH, 14 * EIGHTH, 14 * EIGHTH + moved),
    ]


def test_a_jigs_first_note_of_three_is_longest_and_the_second_shortest() -> None:
    tune = parse("X:1\nM:6/8\nL:1/8\nK:D\ndef gfe|")
    lengths = [note.end - note.start for note in notes(tune, Swing((370, 660), 3 * GRID // 8, 168))]
    assert lengths[0] > lengths[2] > lengths[1]
    assert lengths[:3] == lengths[3:]
    assert sum(lengths[:3]) == 3 * EIGHTH


@pytest.mark.parametrize("quarters", [60, 152, 240, 320, 400])
def test_no_short_note_of_a_pair_is_under_100_ms_unless_even_ones_are(quarters: int) -> None:
    first, second = notes(parse(HEADER + "dc d6|"), Swing((630,), GRID // 4, quarters))[:2]
    short = (second.end - second.start) / TICKS * 60 / quarters
    assert short >= min(0.099, 30 / quarters - 0.001)
    assert first.end - first.start >= second.end - second.start


def test_ties_are_joined_over_bar_lines() -> None:
    assert [(note.end - note.start, note.written) for note in notes(parse(HEADER + "d6 e2-|e4 d4|"))] == [
        (6 * EIGHTH, 3 * GRID // 4),
        (6 * EIGHTH, 3 * GRID // 4),
        (4 * EIGHTH, GRID // 2),
    ]


def test_tuplets_of_any_kind_do_not_drift() -> None:
    assert notes(parse(HEADER + "(7:4:7d/d/d/d/d/d/d/ d6|" * 8))[-1].end == pytest.approx(ticks(8 * GRID), abs=1)
