"""Makes a backup while bots go on working."""

import asyncio
import fcntl
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.backup import settings
from bot.backup.archive import CHECKPOINTS, DATABASE, SETTINGS, Manifest, writing
from bot.backup.release import release
from bot.core.config import Config
from bot.core.errors import BackupError, BadRequest
from bot.core.files import sha256_of, sync
from bot.store import snapshot

log = logging.getLogger(__name__)


async def back_up(config: Config, path: Path) -> Manifest:
    """Write the database, the learned checkpoints and the settings without secrets to one file, at once or not at all.

    An older file at the path is replaced. BadRequest where none can be written there; StoreError; BackupError.
    """
    with _writable(path), _unfinished(path) as folder:
        await snapshot.take(config.database, folder / DATABASE)
        manifest = await asyncio.to_thread(_write, config, folder, path.name)
        await asyncio.to_thread(_put, folder / path.name, path)
    log.info("backed up to %s", path)
    return manifest


def _write(config: Config, folder: Path, name: str) -> Manifest:
    database = folder / DATABASE
    manifest = Manifest(
        release=release(),
        made_at=datetime.now(UTC),
        revision=snapshot.revision(database),
        rows=snapshot.counts(database),
    )
    with writing(folder / name) as archive:
        archive.add(DATABASE, database)
        for file in _there(snapshot.learned(database)):
            entry = f"{CHECKPOINTS}{file.path.name}"
            if entry in archive.files:  # another version's, of the same name in another folder
                entry = f"{CHECKPOINTS}{file.sha256[:16]}-{file.path.name}"
            archive.add(entry, file.path, compressed=False)
        archive.add_text(SETTINGS, settings.to_toml(config))
        return archive.finish(manifest)


def _there(files: Iterable[snapshot.LearnedFile]) -> Iterator[snapshot.LearnedFile]:
    """Those whose file is here and whole; several versions may have one file."""
    seen = set()
    for file in files:
        if file.sha256 in seen:
            continue
        seen.add(file.sha256)
        if sha256_of(file.path) == file.sha256:
            yield file
        else:
            log.warning("version %d is not in the backup: %s is missing or was changed", file.version, file.path)


def _put(file: Path, path: Path) -> None:
    os.replace(file, path)
    sync(path.parent)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """What the file system refuses leaves as BadRequest, in one line."""
    if path.is_dir():
        raise BadRequest(f"{path} is a folder: name a file in it")
    try:
        yield
    except OSError as error:
        raise BadRequest(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A folder beside a file that is to be made, which one process has; what a killed one left is thrown away."""
    folder = path.with_name(f".{path.name}.part")
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(f"another process is backing up to {path}") from error
        for old in folder.iterdir():
            if old.name != "lock":
                old.unlink()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
