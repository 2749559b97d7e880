"""A score that can be followed: each note that is played is in the picture, at the time at which it is heard."""

import json
import re
from itertools import pairwise

import pytest

from bot.core.errors import RenderError
from bot.render.performance.accompaniment import dance_of
from bot.render.performance.perform import quarters_of, swing_of
from bot.render.performance.players import TICKS
from bot.render.performance.swing import played_bars, played_notes
from bot.render.score import score
from model.music.abc_reader import parse
from model.music.rhythm import usual
from tests.bot.render.tunes import HORNPIPE, JIG, REEL

SHORT = "X:1\nT:A\nR:jig\nM:6/8\nL:1/8\nQ:3/8=120\nK:D\n|:d|AFD D2 z|(3ABc d e2:|\n"


def read(abc: str, narrow: bool = False) -> tuple[str, dict[str, list[list[float]]]]:
    made = score(parse(abc), narrow)
    return made["svg"].decode(), json.loads(made["times"])


def test_every_note_of_the_picture_has_a_time_for_each_time_it_is_played() -> None:
    svg, times = read(SHORT)
    drawn = {int(number) for number in re.findall(r'id="n(\d+)"', svg)}
    assert drawn == {number for number, *_ in times["notes"]} == set(range(11))
    assert len(times["notes"]) == 22  # repeated
    assert [bar[0] for bar in times["bars"]] == [0, 1, 2, 0, 1, 2]


def test_times_are_those_of_the_tempo_and_leave_no_gap() -> None:
    _, times = read(SHORT)
    eighth = 60 / 120 / 3
    assert times["notes"][0][1:] == pytest.approx([0, eighth], abs=0.02)  # as a jig is swung
    assert times["bars"][0][1] == pytest.approx(-5 * eighth, abs=1e-3)  # where the pickup's bar would begin
    assert times["notes"][-1][2] == pytest.approx(2 * 12 * eighth, abs=0.02)
    assert times["beat"] == pytest.approx(0.5)
    for before, after in pairwise(times["notes"]):
        assert before[2] == pytest.approx(after[1], abs=2e-3)


@pytest.mark.parametrize("abc", [HORNPIPE, JIG, REEL])
def test_notes_sound_when_the_recording_plays_them(abc: str) -> None:
    tune = parse(abc)
    quarters = quarters_of(tune, usual(tune.rhythm, tune.metre))
    shown = [start for _, start, _ in read(abc)[1]["notes"]]
    for note in played_notes(tune, played_bars(tune), swing_of(dance_of(tune), quarters)):
        assert min(abs(note.start / TICKS * 60 / float(quarters) - start) for start in shown) < 0.005


def test_a_note_that_is_written_as_two_is_marked_in_both() -> None:
    svg, times = read("X:1\nT:A\nM:9/8\nL:1/8\nK:D\nA5 B4|\n")
    assert len(re.findall(r'id="n(\d+)"', svg)) == len(times["notes"]) > 2
    assert times["notes"][0][1:] == times["notes"][1][1:]


def test_phones_get_fewer_bars_a_line() -> None:
    bars = "X:1\nT:A\nM:4/4\nL:1/8\nK:D\n" + "DEFG ABcd|" * 8
    wide, narrow = read(bars)[0], read(bars, narrow=True)[0]
    assert wide.count('class="system"') == 2
    assert 3 <= narrow.count('class="system"') <= 4


def test_a_bar_that_cannot_be_drawn_is_an_error() -> None:
    with pytest.raises(RenderError, match="too long"):
        read("X:1\nM:4/4\nL:1/1\nK:D\nD9 D9|\n")
