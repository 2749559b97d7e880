import pytest

from model.corpus.sources import path_source
from model.encoding.vocabulary import Vocabulary, characters
from model.errors import CheckpointError, InputError
from tests.model.corpus.test_sources import IRISH


def test_characters_are_the_articles_sorted_set() -> None:
    assert characters(["ba", "cab"]).tokens == ("\n", "a", "b", "c")


@pytest.mark.skipif(not IRISH.is_file(), reason="the article's collection is not beside the repository")
def test_the_articles_collection_has_83_characters() -> None:
    texts = list(path_source(IRISH).texts())
    known = characters(texts)
    assert len(known) == 83
    assert "".join(known.decode(known.encode(texts[0]))) == texts[0]


def test_encoding_and_back() -> None:
    known = Vocabulary("notes", ("|", "C", "D2"))
    assert known.encode(["D2", "|", "C"]) == [2, 0, 1]
    assert known.decode([2, 0, 1]) == ["D2", "|", "C"]
    assert Vocabulary.from_json(known.to_json()) == known


def test_an_unknown_token_is_named() -> None:
    with pytest.raises(InputError, match="the token 'H'"):
        Vocabulary("notes", ("C",)).encode(["C", "H"])


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(CheckpointError, match="'syllables'"):
        Vocabulary.from_json({"kind": "syllables", "tokens": []})
