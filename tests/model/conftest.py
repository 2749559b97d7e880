"""Fixtures that take long to make, made once a session."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from model.commands.books import books as books_here
from model.corpus.build import Corpus, build
from model.corpus.sources import MUSIC21, music21_source, path_source
from model.network import checkpoint
from model.network.checkpoint import Checkpoint
from model.sampling.sampler import Sampler
from tests.model.small_checkpoint import small_checkpoint

ROOT = Path(__file__).parents[2]

# the same examples every time, so that a change is to blame for what fails; HYPOTHESIS_PROFILE=default looks further
settings.register_profile("steady", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def abc2midi(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The lines that abc2midi prints about errors in ABC text; empty for none."""
    if shutil.which("abc2midi") is None:
        pytest.skip("abc2midi is not installed (Debian: abcmidi)")
    folder = tmp_path_factory.mktemp("abc2midi")

    def complaints(abc: str) -> str:
        (folder / "tunes.abc").write_text(abc)
        run = subprocess.run(
            ["abc2midi", "tunes.abc", "-silent"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        lines = (run.stdout + run.stderr).splitlines()
        return "\n".join(line for line in lines if line.startswith(("Warning", "Error")))

    return complaints


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with every tenth tune of music21's four collections; CORPUS_EVERY=1 takes all, and Cobb's where it is."""
    every = int(os.environ.get("CORPUS_EVERY", "10"))
    sources = books_here() if every == 1 else [music21_source(name) for name in MUSIC21]
    texts = [text for source in sources for text in source.texts()]
    path = tmp_path_factory.mktemp("books") / "tenth.abc"
    path.write_text("\n\n".join(texts[::every]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def books(book: Path) -> Corpus:
    """The corpus that `book` makes."""
    return build([path_source(book)])


@pytest.fixture(scope="session")
def sampler() -> Sampler:
    """The shipped checkpoint's."""
    return Sampler(checkpoint.read(checkpoint.SHIPPED))


@pytest.fixture(scope="session")
def small() -> Checkpoint:
    return small_checkpoint()
