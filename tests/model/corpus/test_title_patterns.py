from model.corpus.title_patterns import kinds, pattern_of, titles_of

COMMON = frozenset({"Planxty", "Left"})


def test_words_that_have_a_kind_become_slots() -> None:
    assert pattern_of("The Humours of Limerick", COMMON) == "The /spots of /town"
    assert pattern_of("Jackson's Fancy", COMMON) == "/families /gift"
    assert pattern_of("Planxty Burke", COMMON) == "Planxty /family"
    assert pattern_of("The Maid's Reel", COMMON) == "The /persons /dance"


def test_a_title_without_slots_or_with_a_rare_word_is_no_pattern() -> None:
    assert pattern_of("Planxty Left", COMMON) == ""
    assert pattern_of("The Reel", COMMON) == ""
    assert pattern_of("The Qwertz of Limerick", COMMON) == ""
    assert pattern_of("Hills of Limerick The", COMMON) == ""


def test_every_word_of_a_kind_is_listed_once() -> None:
    assert kinds()["Limerick"] == "town"
    assert len(set(kinds().values())) > 20


def test_only_words_of_the_books_fill_slots_and_patterns_are_counted_by_rhythm() -> None:
    titles = [("reel", "The Humours of Limerick"), ("reel", "The Humours of Trim"), ("jig", "The Humours of Limerick")]
    facts = titles_of([*titles, ("reel", "The Hag")])
    assert facts["patterns"] == {"jig": {"The /spots of /town": 1}, "reel": {"The /spots of /town": 2}}
    assert facts["words"] == {"spots": {"Humours": 2}, "town": {"Limerick": 1, "Trim": 1}}
    assert facts["taken"] == ["hag", "humoursoflimerick", "humoursoftrim"]
