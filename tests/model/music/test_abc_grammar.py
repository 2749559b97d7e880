from hypothesis import given, settings

from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from model.music.abc_writer import write
from tests.model.music.abc_texts import Spelled, abc_texts
from tests.model.music.reading import notes


@given(abc_texts())
@settings(max_examples=150, deadline=None)
def test_every_construct_is_read_as_the_notes_that_it_means(spelled: Spelled) -> None:
    (text,) = tune_texts(spelled.text)
    tune = parse(text)
    assert [(note.pitch.midi if note.pitch else None, note.length) for note in tune.notes] == list(spelled.notes)


@given(abc_texts())
@settings(max_examples=100, deadline=None)
def test_what_is_read_is_written_with_the_same_notes_and_bars(spelled: Spelled) -> None:
    tune = parse(spelled.text)
    again = parse(write(tune))
    assert notes(again) == notes(tune)
    assert [bar.length for bar in again.bars] == [bar.length for bar in tune.bars]
    assert again == tune
