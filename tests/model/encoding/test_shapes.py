from model.encoding.shapes import Diatonic, distances
from model.encoding.vocabulary import Vocabulary


def test_distances_leave_out_what_is_a_bar_or_more() -> None:
    assert distances("4/4") == (24, 48, 96, 192)
    assert distances("6/8") == (36, 0, 72, 144)
    assert distances("9/8") == (36, 72, 108, 216)
    assert distances("2/4") == (24, 0, 48, 96)


def test_a_note_is_moved_to_the_one_of_the_scale_that_is_as_long() -> None:
    notes = Diatonic.of(Vocabulary("notes", ("C", "^C", "D", "D2", "z", "|")))
    line = int(notes.line[0])
    assert notes.moved(0, line + 1) == 2 + 1
    assert notes.moved(1, line + 1) == 2 + 1
    assert notes.moved(0, line) == notes.moved(0, line + 2) == notes.moved(0, -1) == 0
    assert notes.moved(3, line) == 0  # no C is as long as D2
    assert list(notes.line[4:]) == [-1, -1]
