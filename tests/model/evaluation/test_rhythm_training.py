from collections import Counter

import pytest

from model.commands.rhythms import table
from model.corpus.build import Corpus
from model.corpus.rhythm_features import features
from model.evaluation.rhythm_training import GROUPS, Example, confusion, examples, learn
from model.music.abc_reader import parse


def labelled(group: str, values: tuple[float, ...], rhythm: str, family: int) -> Example:
    return Example(group, values, rhythm, True, family)


def told_apart(group: str = "4/4") -> list[Example]:
    """Reels with high values of the first feature, airs with low ones."""
    return [
        labelled(group, (number % 3 + 30.0 * (number % 2), 1.0), ("air", "reel")[number % 2], number)
        for number in range(40)
    ]


def test_what_a_feature_tells_apart_is_learned() -> None:
    found = [example for group in GROUPS for example in told_apart(group)]
    assert confusion(found) == {("air", "air"): 80, ("reel", "reel"): 80}
    learned = learn(found, ["notes", "one"])
    assert learned["features"] == ["notes", "one"]
    assert learned["weights"]["4/4"]["reel"][1] > 0 > learned["weights"]["4/4"]["air"][1]


def test_no_tune_is_inferred_by_what_its_own_family_teaches() -> None:
    # each family has a feature of its own, so that its rhythm could only be told by its own members
    found = [
        labelled(group, tuple(float(family == number) for number in range(30)), ("air", "reel")[family % 2], family)
        for group in GROUPS
        for family in range(30)
        for _ in range(4)
    ]
    counts = confusion(found)
    assert sum(count for (said, inferred), count in counts.items() if said == inferred) < 0.65 * counts.total()


def test_what_the_metre_alone_says_is_counted() -> None:
    found = [
        labelled("9/8", (1.0,), "slip jig", 0),
        labelled("12/8", (1.0,), "jig", 1),
        labelled("", (1.0,), "reel", 2),
    ]
    everything = confusion([*found, *(example for group in GROUPS for example in told_apart(group))])
    assert everything["slip jig", "slip jig"] == 1
    assert everything["jig", "slide"] == 1
    assert everything["reel", "other"] == 1


def test_examples_are_the_tunes_whose_rhythm_is_said(books: Corpus) -> None:
    found = examples(books)
    said = [tune for tune in books.tunes if tune.rhythm_from != "inferred" and tune.normalized.rhythm != "other"]
    assert sum(example.labelled for example in found) == len(said)
    first = next(example for example in found if example.labelled)
    assert first.values == tuple(features(parse(said[0].text)).values())


@pytest.mark.parametrize(
    ("counts", "last"),
    [({("jig", "jig"): 3, ("jig", "air"): 1}, "3 of 4 right: 75.0%"), ({("air", "jig"): 1}, "0 of 1 right: 0.0%")],
)
def test_the_table_has_the_books_rhythms_in_rows(counts: dict[tuple[str, str], int], last: str) -> None:
    lines = table(Counter(counts)).splitlines()
    assert lines[0].split() == ["air", "jig"]
    assert lines[1].split()[0] == next(said for said, _ in counts)
    assert lines[-1] == last
