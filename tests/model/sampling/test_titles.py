import pytest

from model.corpus.titles import clean, fingerprint
from model.music.rhythm import RHYTHMS
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


def test_without_an_acceptable_title_there_is_a_numbered_one(titles: Titles, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set[str]()

    def refuse(self: Titles, title: str, rhythm: str) -> bool:
        seen.add(title)
        return False

    monkeypatch.setattr(Titles, "_is_acceptable", refuse)
    assert titles.draw([("reel", 7)]) == ["Tunesmith's Reel No. 7"]
    assert len(seen) > DRAWS  # each round draws others
