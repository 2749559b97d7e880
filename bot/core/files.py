"""What several rooms do with files."""

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


def sha256_of(path: Path) -> str:
    """The hash of a file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def make_private(path: Path) -> None:
    """Take a file or a folder of ours from everybody else; one that all users share, such as /tmp, stays as it is."""
    status = path.stat()
    wanted = PRIVATE_FOLDER if stat.S_ISDIR(status.st_mode) else PRIVATE_FILE
    if status.st_uid == os.getuid() and not status.st_mode & stat.S_ISVTX and status.st_mode & ~wanted & 0o777:
        path.chmod(status.st_mode & wanted)


def create_private(path: Path) -> None:
    """Make an empty file for this user alone, where there is none; else take it from everybody else."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))
    make_private(path)


def sync(path: Path) -> None:
    """Let a file, or the names in a folder, reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
