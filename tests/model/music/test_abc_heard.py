"""Tunes of the books as they are written sound alike in other programs. CORPUS_EVERY=1 asks music21 about all 200."""

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from model.corpus.build import Corpus
from model.errors import NotationError
from model.music.abc_reader import parse
from model.music.abc_writer import write
from model.music.parts import parts_of
from model.music.tune import Tune
from tests.model.music.heard import GRID, Heard, by_abc2midi, by_abcjs, by_music21, meant

COUNT = 200
FOR_MUSIC21 = COUNT if os.environ.get("CORPUS_EVERY") == "1" else 40  # it takes 0.2 s for each


def bare(text: str) -> Tune | None:
    """A tune without what programs play beside its notes: chords, hornpipes' swing. None where bars do not add up."""
    tune = parse(text)
    try:
        parts_of(tune)
    except NotationError:
        return None
    return replace(tune, rhythm="", bars=tuple(replace(bar, chords=()) for bar in tune.bars))


def difficulty(tune: Tune) -> int:
    """How many of these it has: repeats, endings, triplets, dotted pairs, ties, accidentals."""
    return sum(
        (
            any(bar.end_repeat for bar in tune.bars),
            any(bar.ending for bar in tune.bars),
            any(note.length.denominator % 3 == 0 for note in tune.notes),
            any(note.length.numerator == 3 for note in tune.notes),
            any(note.tied for note in tune.notes),
            any(note.pitch.alter != tune.key.signature[note.pitch.step] for note in tune.notes if note.pitch),
        )
    )


@pytest.fixture(scope="module")
def tunes(books: Corpus) -> list[Tune]:
    """The most difficult ones."""
    found = [tune for tune in map(bare, (tune.text for tune in books.tunes)) if tune]
    return sorted(found, key=difficulty, reverse=True)[:COUNT]


def rounded(heard: Heard) -> Heard:
    return [(Fraction(round(onset * GRID), GRID), midi) for onset, midi in heard]


@pytest.mark.parametrize("program", [by_abc2midi, by_abcjs])
def test_programs_hear_the_notes_that_are_meant(program: type, tunes: list[Tune], tmp_path: Path) -> None:
    heard = program([write(tune) for tune in tunes], tmp_path)
    if heard is None:
        pytest.skip(f"what {program.__name__} asks is not installed")
    assert len(tunes) > 100
    for tune, notes in zip(tunes, heard, strict=True):
        assert notes == rounded(meant(tune)), write(tune)


def test_music21_hears_the_notes_that_are_meant(tunes: list[Tune]) -> None:
    chosen = tunes[:: max(1, len(tunes) // FOR_MUSIC21)][:FOR_MUSIC21]
    for tune, notes in zip(chosen, by_music21([write(tune) for tune in chosen]), strict=True):
        assert notes == rounded(meant(tune)), write(tune)


@pytest.mark.parametrize(
    ("music", "order"),
    [
        ("A8|B8:|c8|d8:|", "ABABCDCD"),
        ("A8||B8|c8:|", "ABCBC"),
        ("A8||B8|c8:|d8||e8:|", "ABCBCDEE"),
        ("A8|1B8:|2c8||d8|1e8:|2f8|]", "ABACDEDF"),
        ("|:A8|B8:|:c8|d8:|", "ABABCDCD"),
    ],
)
def test_repeats_without_a_beginning_go_back_to_the_double_bar_or_repeat_before(
    music: str, order: str, tmp_path: Path
) -> None:
    tune = parse(f"X:1\nM:4/4\nL:1/8\nK:C\n{music}")
    assert "".join("CCDDEFFGGAAB"[midi % 12] for _, midi in meant(tune)) == order
    for program in (by_abc2midi, by_abcjs):
        assert program([write(tune)], tmp_path) in (None, [meant(tune)])
