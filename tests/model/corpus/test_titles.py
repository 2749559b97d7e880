import pytest

from model.corpus.titles import clean, fingerprint, fingerprints, lines, words


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


def test_training_lines_begin_with_the_rhythm_and_are_there_once() -> None:
    titles = [("reel", "Maid, The -- Reel."), ("reel", "The Maid"), ("jig", "The Maid"), ("jig", "Ah")]
    assert lines(titles) == ["reel:The Maid", "jig:The Maid"]


@pytest.mark.parametrize("spelling", ["The Silver Heron", "Silver Heron, The", "silver heron", "The Silver Heron Reel"])
def test_spellings_of_one_title_have_one_fingerprint(spelling: str) -> None:
    assert fingerprint(clean(spelling)) == "silverheron"


def test_a_title_that_is_all_rhythm_has_a_fingerprint() -> None:
    assert fingerprint("The Reel") == "reel"


def test_titles_are_listed_by_fingerprint_and_by_word() -> None:
    titles = ["The Silver Heron", "Silver Heron, The", "Heron's Nest"]
    assert fingerprints(titles) == ["heronsnest", "silverheron"]
    assert words(titles) == ["heron", "heron's", "nest", "silver", "the"]
