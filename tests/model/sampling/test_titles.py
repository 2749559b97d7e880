import re

import pytest

from model.corpus.titles import clean, fingerprint
from model.errors import CheckpointError
from model.music.rhythm import RHYTHMS
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.sampling import originality
from model.sampling.titles import DRAWS, Titles


@pytest.fixture(scope="module")
def titles() -> Titles:
    return Titles.load()


WANTED = [(rhythm, seed) for rhythm in RHYTHMS for seed in range(6)]


def test_a_title_is_the_same_alone_and_among_others(titles: Titles) -> None:
    together = titles.draw(WANTED)
    assert [titles.draw([one])[0] for one in WANTED[::5]] == together[::5]
    assert titles.draw(WANTED[7:20]) == together[7:20]
    assert titles.draw([]) == []


def test_titles_differ_are_new_and_have_no_other_rhythm(titles: Titles) -> None:
    drawn = titles.draw(WANTED)
    assert len(set(drawn)) > 0.95 * len(drawn)
    for title, (rhythm, _) in zip(drawn, WANTED, strict=True):
        assert clean(title) == title
        assert fingerprint(title) not in titles._taken
        assert not any(other in title.lower().split() for other in RHYTHMS if other not in rhythm)


def test_every_word_stands_in_a_title_of_the_books(titles: Titles) -> None:
    books = [title for title, _ in checkpoint.read(originality.SHIPPED).facts["tunes"]]
    known = {word for title in books for word in clean(title).split()}
    assert not {word for title in titles.draw(WANTED) for word in title.split()} - known


def test_a_title_has_the_name_of_its_own_dance_and_agrees_with_its_article(titles: Titles) -> None:
    drawn = {rhythm: titles.draw([(rhythm, seed) for seed in range(300)]) for rhythm in ("reel", "polka")}
    assert any(title.endswith(" Reel") for title in drawn["reel"])
    assert not any(word in title.split() for title in drawn["polka"] for word in ("Reel", "Jig", "March"))
    assert not [title for titles in drawn.values() for title in titles if re.search(r"\b[Aa] [AEIOU]", title)]


def test_a_file_that_holds_no_titles_is_refused() -> None:
    with pytest.raises(CheckpointError, match="titles"):
        Titles(Checkpoint("titles", {}, {}, {"patterns": {}, "words": {}, "taken": []}, {}))
    with pytest.raises(CheckpointError, match="titles"):
        Titles(Checkpoint("titles", {}, {}, {}, {}))


def test_without_an_acceptable_title_there_is_a_numbered_one(titles: Titles, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set[str]()

    def refuse(self: Titles, title: str, rhythm: str) -> bool:
        seen.add(title)
        return False

    monkeypatch.setattr(Titles, "_is_acceptable", refuse)
    assert titles.draw([("reel", 7)]) == ["Tunesmith's Reel No. 7"]
    assert len(seen) > DRAWS / 2  # each is drawn anew
