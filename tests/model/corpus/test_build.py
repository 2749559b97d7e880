import random
from pathlib import Path

import pytest

from model.corpus.build import Corpus, build, normalise
from model.corpus.rhythms import rhythm_of
from model.corpus.sources import Source, path_source
from model.errors import NotationError
from model.music.abc_reader import parse

JIG = "X:{n}\nT:{title}\nR:jig\nM:6/8\nL:1/8\nK:{key}\n{music}\n"
PLAIN = ": only plain lengths and triplets are composed with"
STEPS = "DEFGABcdefga"


def jig(number: int, title: str = "", key: str = "D") -> str:
    """A jig of its own melody for every `number`."""
    notes = random.Random(number).choices(STEPS, k=48)
    bars = ["".join(notes[i : i + 6]) for i in range(0, 48, 6)]
    music = "|:" + "|".join(bars[:4]) + ":|\n|:" + "|".join(bars[4:]) + ":|"
    return JIG.format(n=number, title=title or f"Jig {number}", key=key, music=music)


def source(folder: Path, name: str, *texts: str) -> Source:
    path = folder / f"{name}.abc"
    path.write_text("\n\n".join(texts), encoding="utf-8")
    return path_source(path)


def dropped(tmp_path: Path, text: str) -> dict[str, int]:
    return dict(build([source(tmp_path, "book", text)]).report.dropped["book"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("X:1\nM:4/4\nK:C\n#|", "not readable as ABC: a sharp is written before its note, as in ^f"),
        ("X:1\nM:4/4\nK:C\nC8|[K:D]D8|]", "a key change inside the tune"),
        ("X:1\nM:4/4\nK:C\nC8|[M:3/4]D6|]", "a metre change inside the tune"),
        ("X:1\nM:4/4\nK:C\nC8|D9|E8|]", "bar n of a part is n long; the metre says n"),
        ("X:1\nM:4/4\nK:C\nz8|]", "the tune has only rests"),
        (
            "X:1\nM:4/4\nL:1/8\nK:C\n(5CDEFGA6|]",
            "a note of length n: only plain lengths and triplets are composed with",
        ),
        ("X:1\nM:4/4\nL:1/8\nK:C\nC2/3D4/3E2/3C3D2F/3|]", "a triplet that does not fill its time"),
        ("X:1\nM:4/4\nK:C\n" + "CDEFGABc|" * 100, "longer than n tokens"),
        ("X:1\nM:16/8\nL:1/8\nK:C\nC16|]", "a metre longer than n"),
        ("X:1\nM:4/4\nK:C\n" + "A" * 200_000, "the ABC text has n characters; a tune has at most n"),
    ],
)
def test_tunes_that_cannot_be_learned_from_are_dropped_and_counted_by_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    counts = dropped(tmp_path, text)
    assert sum(counts.values()) == 1
    assert next(iter(counts)) == reason


def test_repairs_are_counted(tmp_path: Path) -> None:
    report = build([source(tmp_path, "book", jig(1).replace(":|\n|:", ":|\n|:").removesuffix(":|\n") + "|]")]).report
    assert report.repaired["book"] == {"repeat sign added": 1}
    assert report.kept["book"] == 1


@pytest.mark.parametrize(
    ("fields", "rhythm", "origin"),
    [
        ("R:Double Jig\nM:6/8", "jig", "R"),
        ("R:Reels\nM:4/4", "reel", "R"),
        ("Z: id:dc-polka-12\nM:2/4", "polka", "id"),
        ("T:The Liverpool Hornpipe\nM:4/4", "hornpipe", "title"),
        ("T:The Jigger\nM:9/8", "slip jig", "inferred"),
        ("R:slipjig\nM:9/8", "slip jig", "R"),
        ("R:march\nT:A Reel\nM:2/4", "march", "R"),
    ],
)
def test_the_rhythm_is_found_in_field_id_title_or_metre(fields: str, rhythm: str, origin: str) -> None:
    text = f"X:1\n{fields}\nL:1/8\nK:D\nABc|"
    assert rhythm_of(parse(text), text) == (rhythm, origin)


def test_a_rhythm_its_metre_does_not_fit_is_other() -> None:
    text = "X:1\nT:So\nR:jig\nM:4/4\nL:1/8\nK:D\nD8|D8|]"
    assert normalise(parse(text), text, "book", []).normalized.rhythm == "other"


def test_a_reel_in_sixteenths_becomes_one_in_eighths() -> None:
    text = "X:1\nR:reel\nM:2/4\nL:1/16\nK:C\nCDEFGABc|CDEFGABc|]"
    used: list[str] = []
    tune = normalise(parse(text), text, "book", used)
    assert tune.normalized.metre_name == "4/4"
    assert tune.tokens[7] in ("C", "c")
    assert used == ["2/4 in sixteenths written as 4/4"]


def test_exact_copies_are_left_out_and_variants_share_a_side(tmp_path: Path) -> None:
    first_bar = jig(1).split("|:")[1].split("|")[0]
    varied = jig(1, "Varied").replace(first_bar, first_bar[:5] + first_bar[0])
    corpus = build([source(tmp_path, "book", jig(1), jig(1, "Same again"), jig(2), varied)])
    assert corpus.report.dropped["book"] == {"an exact copy": 1}
    assert corpus.report.duplicates["book"] == 2
    assert [tune.group for tune in corpus.tunes] == [0, 2, 0]
    assert corpus.tunes[0].split == corpus.tunes[2].split


def test_sources_added_later_change_no_side_of_the_split(tmp_path: Path) -> None:
    old = source(tmp_path, "old", *(jig(n) for n in range(1, 90)))
    new = source(tmp_path, "new", *(jig(n, "Renamed", "G") for n in range(60, 130)))
    before, after = build([old]), build([old, new])
    sides = {tune.tokens: tune.split for tune in after.tunes}
    assert all(sides[tune.tokens] == tune.split for tune in before.tunes)
    assert {tune.split for tune in before.tunes} == {"train", "validation", "held-out"}


def test_a_group_of_duplicates_is_on_one_side_of_the_split(books: Corpus) -> None:
    sides: dict[int, str] = {}
    for tune in books.tunes:
        assert sides.setdefault(tune.group, tune.split) == tune.split


def test_the_vocabulary_is_sorted_and_spells_every_tune(books: Corpus) -> None:
    vocabulary = books.vocabulary()
    assert list(vocabulary.tokens) == sorted(set(vocabulary.tokens))
    for tune in books.tunes:
        assert vocabulary.decode(vocabulary.encode(tune.tokens)) == list(tune.tokens)


def test_a_source_without_tunes_makes_an_empty_corpus(tmp_path: Path) -> None:
    assert build([source(tmp_path, "book", "no tunes here")]).tunes == ()


def test_a_quintuplet_alone_is_refused() -> None:
    text = "X:1\nM:4/4\nL:1/8\nK:C\n(5CDEFGA6|]"
    with pytest.raises(NotationError, match="only plain lengths"):
        normalise(parse(text), text, "book", [])
