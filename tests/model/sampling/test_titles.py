"""Titles that the shipped network draws."""

import pytest

from model.corpus.titles import clean, fingerprint
from model.music.rhythm import RHYTHMS
from model.sampling.titles import DRAWS, Titles


@pytest.fixture(scope="module")
def titles() -> Titles:
    return Titles.load()


ASKED = [(rhythm, seed) for rhythm in RHYTHMS for seed in range(6)]


def test_a_title_is_the_same_alone_and_among_others(titles: Titles) -> None:
    together = titles.draw(ASKED)
    assert [titles.draw([one])[0] for one in ASKED[::5]] == together[::5]
    assert titles.draw(ASKED[7:20]) == together[7:20]
    assert titles.draw([]) == []


def test_titles_differ_are_new_and_name_no_other_rhythm(titles: Titles) -> None:
    drawn = titles.draw(ASKED)
    assert len(set(drawn)) > 0.95 * len(drawn)
    for title, (rhythm, _) in zip(drawn, ASKED, strict=True):
        assert clean(title) == title
        assert fingerprint(title) not in titles._taken
        assert not any(other in title.lower().split() for other in RHYTHMS if other not in rhythm)


def test_where_no_title_will_do_the_tune_has_a_number(titles: Titles, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set[str]()

    def refuse(self: Titles, title: str, rhythm: str) -> bool:
        seen.add(title)
        return False

    monkeypatch.setattr(Titles, "_fit", refuse)
    assert titles.draw([("reel", 7)]) == ["Tunesmith's Reel No. 7"]
    assert len(seen) > DRAWS  # each round draws others
