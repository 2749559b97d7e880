"""The data directory and its lock: one bot at a time uses it."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.core.errors import ConfigError
from bot.core.files import PRIVATE_FOLDER, make_private


def make_data_directory(path: Path) -> Path:
    """Make the data directory where it is missing, for this user alone. ConfigError where it cannot be written to."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        make_private(path)
    except OSError as error:
        raise ConfigError(f"cannot make the data directory {path}: {error.strerror}; set TUNESMITH_DATA_DIR") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ConfigError(f"cannot write to the data directory {path}; set TUNESMITH_DATA_DIR")
    return path


def signing_key(path: Path) -> bytes:
    """The secret of this data directory, with which the page signs cookies; made where it is missing."""
    file = path / "web-key"
    with suppress(FileExistsError), open(file, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as new:
        new.write(secrets.token_bytes(32))
    return file.read_bytes()


@contextmanager
def data_directory_lock(path: Path) -> Iterator[None]:
    """Hold the data directory's lock. ConfigError where another bot holds it."""
    try:
        lock = (make_data_directory(path) / "bot.lock").open("w")
    except OSError as error:
        raise ConfigError(f"cannot write to the data directory {path}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"another bot already runs on {path}: stop it, or set TUNESMITH_DATA_DIR") from error
        yield
