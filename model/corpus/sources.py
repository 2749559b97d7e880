"""Sources of training tunes: music21's installed corpus, the seed article's collection, any ABC file or folder."""

import hashlib
import importlib.util
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from model.errors import InputError
from model.files import write_atomically
from model.music.abc_encoding import decode
from model.music.abc_file import TuneText, tune_texts

MUSIC21 = ("oneills1850", "ryansMammoth", "airdsAirs", "miscFolk")
COBB_SHA256 = "df3782d5f7b5a2f4c66aa7c13f13008d5f48757b3f5f51620cd6c1ceb2c53023"
COBB_URL = "https://raw.githubusercontent.com/MITDeepLearning/introtodeeplearning/master/mitdeeplearning/data/irish.abc"
LARGEST_FILE = 50_000_000  # bytes
_QUOTED_PRINTABLE = re.compile(r"=(?:20|0D)\r?$|=3D|^.{60,74}[^=]=\r?$", re.MULTILINE)  # no music has these


@dataclass(frozen=True)
class Source:
    """A named set of ABC files, in reading order."""

    name: str
    files: tuple[Path, ...]

    def tunes(self) -> Iterator[TuneText]:
        """The tunes in it. Raises InputError as `text_of` does."""
        for path in self.files:
            for tune in tune_texts(text_of(path)[0]):
                yield replace(tune, file=str(path))

    def texts(self) -> Iterator[str]:
        """The ABC of the tunes in it."""
        return (tune.text for tune in self.tunes())

    def sha256(self) -> str:
        """Digest over the files' bytes in order."""
        digest = hashlib.sha256()
        for path in self.files:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def text_of(path: Path) -> tuple[str, str]:
    """A file's text, and what was guessed of its encoding. Raises InputError where it cannot be read or is too large.

    Quoted-printable left over from mail (Ryan's Mammoth) is undone.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path} is larger than {LARGEST_FILE // 1_000_000} MB: not a tune book")
        text, guess = decode(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    return _unquoted(text), guess


def _unquoted(text: str) -> str:
    if not _QUOTED_PRINTABLE.search(text):
        return text
    text = re.sub(r"(?<!=)=\r?\n", "", text)
    return text.replace("=20", " ").replace("=3D", "=").replace("=0D", "")


def music21_source(name: str) -> Source:
    """One of the collections MUSIC21. Raises InputError where music21 lacks it."""
    spec = importlib.util.find_spec("music21")
    folder = (
        Path(str(spec.submodule_search_locations[0])) / "corpus" / name
        if spec and spec.submodule_search_locations
        else None
    )
    if folder is None or not folder.is_dir():
        raise InputError(f"music21's corpus has no {name}: reinstall music21 10")
    return Source(name, tuple(sorted(folder.rglob("*.abc"))))


def cobb_cache() -> Path:
    """The file that `fetch_cobb` writes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "tunesmith" / "irish.abc"


def cobb_source(path: Path) -> Source:
    """The article's collection, Cobb's Irish Folk Music, in the file `path`."""
    return Source("cobb", (path,))


def fetch_cobb(url: str = COBB_URL, out: Path | None = None) -> Path:
    """Downloads the article's collection into `out`, by default the cache. Returns its path.

    Raises InputError where it cannot be had, or is another file by its SHA-256, which is then not written.
    """
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            data = response.read(LARGEST_FILE)
    except (urllib.error.URLError, OSError) as error:
        raise InputError(f"cannot download {url}: {getattr(error, 'reason', error)}") from error
    if hashlib.sha256(data).hexdigest() != COBB_SHA256:
        raise InputError(f"{url} is not the file we know (its SHA-256 differs); nothing was kept")
    path = out or cobb_cache()
    write_atomically(path, data)
    return path


def path_source(path: Path) -> Source:
    """An ABC file, or every `.abc` file below a folder. Raises InputError where there is none."""
    if path.is_file():
        return Source(path.stem, (path,))
    if not path.is_dir():
        raise InputError(f"no ABC file or folder at {path}")
    files = tuple(sorted(file for file in path.rglob("*") if file.suffix.lower() == ".abc" and file.is_file()))
    if not files:
        raise InputError(f"the folder {path} holds no .abc file")
    return Source(path.name, files)


def default_sources(cobb: Source | None) -> list[Source]:
    """The article's collection where there is one, then music21's four.

    The first of a group of duplicates decides on which side of the split the group is, so new sources go last.
    """
    return ([cobb] if cobb else []) + [music21_source(name) for name in MUSIC21]
