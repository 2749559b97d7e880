"""The books that commands read unless they are given files: the seed article's collection and music21's four."""

from collections.abc import Iterator
from pathlib import Path

from model.corpus.sources import Source, cobb_cache, cobb_source, default_sources


def _cobb_files() -> Iterator[Path]:
    """Where the article's collection may lie: beside a checkout of the repository, or where `corpus --fetch` put it."""
    yield Path(__file__).parents[3] / "shared" / "data" / "irish.abc"
    yield cobb_cache()


def cobb() -> Source | None:
    """The article's collection; None where it is not on this machine."""
    return next((cobb_source(path) for path in _cobb_files() if path.is_file()), None)


def books() -> list[Source]:
    """All books that are on this machine."""
    return default_sources(cobb())
