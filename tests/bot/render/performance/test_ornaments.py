from random import Random

from bot.render.performance.ornaments import Played, Style, ornamented
from bot.render.performance.players import TICKS
from model.music.grid import GRID
from model.music.instruments import INSTRUMENTS
from model.music.key import Key

EIGHTH, WRITTEN = TICKS // 2, GRID // 8
D = Key.parse("D")


class Always(Random):
    def random(self) -> float:
        return 0.0


def melody(*notes: tuple[int, int], again: bool = True) -> list[Played]:
    """(pitch, eighths) one after the other; beats are quarters."""
    start, played = 0, []
    for pitch, eighths in notes:
        end = start + eighths * EIGHTH
        played.append(Played(start, end, pitch, 90, eighths * WRITTEN, again, start % (2 * EIGHTH) == 0))
        start = end
    return played


def style(instrument: str, dance: str = "reel") -> Style:
    return Style(instrument, dance, D.scale, 1600.0, lambda pitch: INSTRUMENTS[instrument].plays(pitch, D))


def pitches(played: list[Played]) -> list[int]:
    return [note.pitch for note in played]


def test_a_repeated_note_is_cut_from_above_and_keeps_its_beat() -> None:
    played = ornamented(melody((74, 1), (74, 1), (69, 2)), style("flute"), Always())
    assert pitches(played) == [74, 76, 74, 69]
    assert played[2].start == EIGHTH
    assert 30 < (played[1].end - played[1].start) / 1.6 < 45  # milliseconds


def test_a_roll_has_a_cut_and_a_tap_and_its_thirds_in_time() -> None:
    played = ornamented(melody((71, 3), (69, 1), (66, 2)), style("whistle"), Always())
    assert pitches(played)[:5] == [71, 73, 71, 69, 71]
    assert [note.start for note in played[:5:2]] == [0, EIGHTH, 2 * EIGHTH]
    assert played[4].end == 3 * EIGHTH


def test_a_fiddle_bows_triplets_and_a_flute_does_not() -> None:
    tune = melody((69, 2), (71, 2), (74, 4))
    assert pitches(ornamented(tune, style("fiddle"), Always()))[:3] == [69, 69, 69]
    assert pitches(ornamented(tune, style("flute"), Always())) == [69, 71, 74]


def test_a_third_is_filled_in_as_a_triplet() -> None:
    played = ornamented(melody((69, 1), (73, 1), (74, 4)), style("harp"), Always())
    assert pitches(played) == [69, 71, 73, 74]
    assert [note.start for note in played] == [0, 2 * EIGHTH // 3, 4 * EIGHTH // 3, 2 * EIGHTH]


def test_nothing_is_added_the_first_time_nor_to_the_last_note_nor_in_a_waltz() -> None:
    tune = melody((69, 2), (69, 2), (71, 3), (69, 1), (69, 2))
    assert ornamented([note._replace(again=False) for note in tune], style("fiddle"), Always()) == [
        note._replace(again=False) for note in tune
    ]
    assert ornamented(tune, style("fiddle"), Always())[-1] == tune[-1]
    assert ornamented(tune, style("fiddle", "waltz"), Always()) == tune


def test_an_instrument_gets_only_notes_that_it_has() -> None:
    top = melody((83, 1), (83, 1), (81, 2))
    assert max(pitches(ornamented(top, style("whistle"), Always()))) == 83
