"""The file that a backup is: a ZIP whose manifest has the SHA-256 of each entry, and whose end has that of all before.

Any program opens it. The hash at the end stands in the ZIP's comment, so one reading tells whether a file is whole.
"""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.core.errors import BackupError, BadRequest

FORMAT = 1  # one more with each change that an older release cannot read
MANIFEST, DATABASE, SETTINGS, CHECKPOINTS = "manifest.json", "tunesmith.db", "config.toml", "checkpoints/"
CHUNK = 1 << 20  # bytes
LARGEST_TEXT = 10_000_000  # bytes of the manifest, and of the settings; a version's entry has about 150
_MARK = b"Tunesmith backup, SHA-256 of all before: "
_DIGEST = 64  # hexadecimal digits
_FILE = re.compile(r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]{0,200}")


class Entry(BaseModel):
    """One file in a backup."""

    model_config = ConfigDict(frozen=True)

    size: int
    sha256: str


class Manifest(BaseModel):
    """What a backup says of itself. `revision` is that of the database's tables, `rows` how many each of them has."""

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    release: str
    made_at: datetime
    revision: str
    rows: dict[str, int]
    files: dict[str, Entry] = {}

    @property
    def checkpoints(self) -> dict[str, Entry]:
        return {name: entry for name, entry in self.files.items() if name.startswith(CHECKPOINTS)}


class _Sealed:
    """Writes to a file all but its last bytes, which are held back until they are the hash of all others."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._digest, self._held = file, hashlib.sha256(), b""

    def write(self, data: bytes) -> int:
        whole = self._held + bytes(data)
        ready, self._held = whole[:-_DIGEST], whole[-_DIGEST:]
        self._digest.update(ready)
        self._file.write(ready)
        return len(data)

    def flush(self) -> None:
        self._file.flush()

    def seal(self) -> None:
        self._file.write(self._digest.hexdigest().encode())
        self._file.flush()
        os.fsync(self._file.fileno())


@dataclass
class Writer:
    """Adds files to a backup, one chunk in memory at a time."""

    _archive: zipfile.ZipFile
    files: dict[str, Entry] = field(default_factory=dict)

    def add(self, name: str, path: Path, compressed: bool = True) -> None:
        with path.open("rb") as source:
            self._write(name, iter(lambda: source.read(CHUNK), b""), compressed)

    def add_text(self, name: str, text: str) -> None:
        self._write(name, iter([text.encode()]), compressed=True)

    def finish(self, manifest: Manifest) -> Manifest:
        """Add the manifest of all that was added, which comes last."""
        whole = manifest.model_copy(update={"files": dict(self.files)})
        self.add_text(MANIFEST, whole.model_dump_json(indent=2))
        return whole

    def _write(self, name: str, chunks: Iterator[bytes], compressed: bool) -> None:
        entry = zipfile.ZipInfo(name, datetime.now().timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
        entry.external_attr = 0o600 << 16
        size, digest = 0, hashlib.sha256()
        with self._archive.open(entry, "w", force_zip64=True) as target:
            for chunk in chunks:
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files[name] = Entry(size=size, sha256=digest.hexdigest())


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Make an archive, for its owner's eyes alone, that is on the disk and sealed afterwards."""
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        sealed = _Sealed(file)
        # a stream that cannot be gone back in: what is hashed is not changed any more
        with zipfile.ZipFile(cast(IO[bytes], sealed), "w", compresslevel=1) as archive:
            archive.comment = _MARK + b"0" * _DIGEST
            yield Writer(archive)
        sealed.seal()


class Reader:
    """A backup whose hashes hold, to be used with `with`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self.path, self.manifest, self._archive = path, manifest, archive

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read all of a file and believe it. BadRequest where there is none; BackupError where it is no good."""
        try:
            _verify_seal(path)
            archive = zipfile.ZipFile(path)
            return cls(path, archive, _manifest(path, json.loads(_small(archive, MANIFEST))))
        except FileNotFoundError as error:
            raise BadRequest(f"there is no file {path}") from error
        except OSError as error:
            raise BadRequest(f"cannot read {path}: {error.strerror}") from error
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise BackupError(f"{path} is no backup of Tunesmith") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def text(self, name: str) -> str:
        """A small file; empty where the backup has none of this name."""
        with suppress(KeyError):
            try:
                return _small(self._archive, name).decode()
            except ValueError as error:
                raise BackupError(f"{self.path} is no backup of Tunesmith: {error}") from error
        return ""

    def extract(self, name: str, target: Path) -> None:
        """Write one file of the manifest to a path, and let it reach the disk. BackupError where it is another."""
        expected, digest = self.manifest.files[name], hashlib.sha256()
        target.unlink(missing_ok=True)  # a link that lies there would lead elsewhere
        left = expected.size
        with self._archive.open(name) as source, target.open("xb") as file:
            while left >= 0 and (chunk := source.read(CHUNK)):  # never more than the manifest says, whatever comes out
                digest.update(chunk)
                file.write(chunk)
                left -= len(chunk)
            file.flush()
            os.fsync(file.fileno())
        if left or digest.hexdigest() != expected.sha256:
            raise BackupError(f"{self.path} is damaged: {name} is not what its manifest says")


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file that is read into memory. ValueError where it is too large to be ours; KeyError where there is none."""
    if archive.getinfo(name).file_size > LARGEST_TEXT:
        raise ValueError(f"{name} has more than {LARGEST_TEXT} bytes")
    return archive.read(name)


def _verify_seal(path: Path) -> None:
    """BackupError where the hash at the end is not that of all before."""
    size, digest = path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            raise BackupError(f"{path} is no backup of Tunesmith")
        file.seek(0)
        left = max(size - _DIGEST, 0)
        while chunk := file.read(min(CHUNK, left)):
            digest.update(chunk)
            left -= len(chunk)
        if file.read() != digest.hexdigest().encode():
            raise BackupError(f"{path} is damaged or cut short, or no backup of Tunesmith: use another one")


def _manifest(path: Path, read: Any) -> Manifest:
    found = read.get("format") if isinstance(read, dict) else None
    if not isinstance(found, int):
        raise BackupError(f"{path} is no backup of Tunesmith")
    if found > FORMAT:
        raise BackupError(f"{path} is from a newer release of Tunesmith ({read.get('release')}): install that one")
    try:
        manifest = Manifest.model_validate(read)
    except ValidationError as error:
        raise BackupError(f"{path} has a manifest that cannot be read ({error.errors()[0]['msg']})") from error
    if DATABASE not in manifest.files or not all(map(_is_ours, manifest.files)):
        raise BackupError(f"{path} has a manifest that is none of ours")
    return manifest


def _is_ours(name: str) -> bool:
    """Whether a backup of ours has files of this name, which leads to no other place."""
    if not name.startswith(CHECKPOINTS):
        return name in (DATABASE, SETTINGS)
    return bool(_FILE.fullmatch(name.removeprefix(CHECKPOINTS)))
