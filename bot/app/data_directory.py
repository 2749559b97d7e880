"""The data directory and its lock: one bot at a time uses it."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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
    """Hold the data directory's lock. ConfigError where another bot holds it.

    The folder itself is locked, which nobody deletes while it is in use; `bot.lock` is, too, for earlier releases.
    """
    with ExitStack() as locked:
        try:
            folder = os.open(make_data_directory(path), os.O_RDONLY)
            locked.callback(os.close, folder)
            file = locked.enter_context((path / "bot.lock").open("w"))
        except OSError as error:
            raise ConfigError(f"cannot write to the data directory {path}: {error.strerror}") from error
        try:
            for each in (folder, file.fileno()):
                fcntl.flock(each, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"another bot already runs on {path}: stop it, or set TUNESMITH_DATA_DIR") from error
        yield
