from pathlib import Path

import pytest

from model.commands import books as books_module
from model.commands.books import books, cobb
from model.corpus.sources import MUSIC21, cobb_cache


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where the article's collection may lie: beside a checkout, and in the cache; there is none yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    command = tmp_path / "checkout" / "model" / "commands" / "books.py"
    monkeypatch.setattr(books_module, "__file__", str(command))
    beside, cache = tmp_path / "shared" / "data" / "irish.abc", cobb_cache()
    for path in (beside, cache):
        path.parent.mkdir(parents=True)
    return beside, cache


def test_without_the_articles_collection_there_are_music21s_books(folders: tuple[Path, Path]) -> None:
    assert cobb() is None
    assert [source.name for source in books()] == list(MUSIC21)


def test_the_collection_beside_the_checkout_is_found_before_the_fetched_one(folders: tuple[Path, Path]) -> None:
    beside, cache = folders
    cache.write_text("X:1\nK:D\nA|")
    assert [source.files for source in books()[:1]] == [(cache,)]
    beside.write_text("X:1\nK:D\nA|")
    assert [source.files for source in books()[:1]] == [(beside,)]
    assert [source.name for source in books()] == ["cobb", *MUSIC21]
