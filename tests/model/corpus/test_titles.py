import pytest

from model.corpus.titles import clean, fingerprint, fingerprints


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("Maid, The -- Reel.", "The Maid"),
        ("THE OLD MILL", "The Old Mill"),
        ("Miss Lyall_Strathspey [2nd set]", "Miss Lyall Strathspey"),
        ("O’Neill's 42d March", "O'Neill's March"),
        ("The Rape of Troy", ""),
        ("Ah", ""),
        ("A" * 41, ""),
    ],
)
def test_a_title_is_cleaned(title: str, cleaned: str) -> None:
    assert clean(title) == cleaned


@pytest.mark.parametrize("spelling", ["The Silver Heron", "Silver Heron, The", "silver heron", "The Silver Heron Reel"])
def test_spellings_of_one_title_have_one_fingerprint(spelling: str) -> None:
    assert fingerprint(clean(spelling)) == "silverheron"


def test_a_title_that_is_all_rhythm_has_a_fingerprint() -> None:
    assert fingerprint("The Reel") == "reel"


def test_titles_are_listed_by_fingerprint() -> None:
    titles = ["The Silver Heron", "Silver Heron, The", "Heron's Nest"]
    assert fingerprints(titles) == ["heronsnest", "silverheron"]
