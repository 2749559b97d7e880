"""Atomic writes, and a digest of the code by which files of another release are recognised."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from model.errors import InputError


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces `path` by `data`: a reader, or a crash, sees the old file or the new one, nothing between.

    Raises InputError where it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def keep_newest(path: Path, data: bytes, kind: str) -> None:
    """Writes `path`, and removes the other files of its folder whose names begin with `kind`, which are stale."""
    write_atomically(path, data)
    for other in path.parent.glob(f"{kind}*"):
        if other != path:
            with contextlib.suppress(OSError):
                other.unlink()


def code_digest() -> str:
    """SHA-256 of all modules of this package, by which caches of what they computed are found stale."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
