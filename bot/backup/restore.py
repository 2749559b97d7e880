"""Brings back what a backup holds."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.backup.archive import CHECKPOINTS, DATABASE, SETTINGS, Manifest, Reader
from bot.core.config import Config
from bot.core.errors import BackupError, BadRequest
from bot.core.files import sha256_of, sync
from bot.store import replace, snapshot
from bot.store.database import database_url, name_of, sqlite_path
from bot.store.migrate import migrate

RESTORED_SETTINGS = "config.restored.toml"
_STAGE = "restoring"  # the folder in which a database is made ready
_NOBODYS = {_STAGE, "bot.lock", "lost+found"}  # a data directory with these alone is empty
_BROUGHT = {CHECKPOINTS.rstrip("/"), RESTORED_SETTINGS, f"{RESTORED_SETTINGS}.part"}  # before the database
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Source:
    """What is to be restored: a backup, or the bare database that a migration or a restore has left."""

    path: Path
    manifest: Manifest
    archive: Reader | None = None

    async def database(self, target: Path) -> None:
        """Write the database to a path, whole or not at all."""
        if self.archive:
            await asyncio.to_thread(self.archive.extract, DATABASE, target)
            await asyncio.to_thread(snapshot.check, target, str(self.path))
        else:
            await snapshot.take(self.path, target)


@dataclass(frozen=True)
class Restored:
    """What was restored, and where an SQLite file that was there before is now."""

    manifest: Manifest
    kept: Path | None


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A file that can be restored, of which every byte was looked at. BadRequest, BackupError or StoreError."""
    if _is_sqlite(path):
        snapshot.check(path, str(path))
        yield _known(Source(path, _describe(path)))
    else:
        with Reader.open(path) as archive:
            yield _known(Source(path, archive.manifest, archive))


async def restore(source: Source, config: Config, force: bool = False) -> Restored:
    """Put a backup's database, checkpoints and settings where the settings in use have theirs.

    The data directory's lock is the caller's to hold. BadRequest where there is anything, unless `force` says that it
    may be replaced. Until the database is put in its place, which is one step, nothing that was there has changed.
    """
    if not force:
        await _refuse_occupied(config)
    with _stage(config) as folder:
        database = folder / DATABASE
        await source.database(database)
        await migrate(database)
        await asyncio.to_thread(_bring_files, source, config, database)
        kept = await replace.put(database, config.database)
    await asyncio.to_thread(_hand_over, config)
    return Restored(source.manifest, kept)


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except FileNotFoundError as error:
        raise BadRequest(f"there is no file {path}") from error
    except OSError as error:
        raise BadRequest(f"cannot read {path}: {error.strerror}") from error


def _describe(path: Path) -> Manifest:
    made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Manifest(release="unknown", made_at=made, revision=snapshot.revision(path), rows=snapshot.counts(path))


def _known(source: Source) -> Source:
    if not snapshot.is_known(source.manifest.revision):
        release = f"Tunesmith {source.manifest.release}, revision {source.manifest.revision}"
        raise BackupError(f"{source.path} is from a newer release ({release}): install that one")
    return source


async def _refuse_occupied(config: Config) -> None:
    there = await asyncio.to_thread(lambda: sorted({path.name for path in config.data_dir.iterdir()}))
    unfinished = _STAGE in there and not await asyncio.to_thread(config.data_dir.joinpath(DATABASE).exists)
    found = set(there) - _NOBODYS - (_BROUGHT if unfinished else set())
    if found:
        names = ", ".join(sorted(found)[:3])
        raise BadRequest(f"{config.data_dir} is not empty ({names}): --force replaces what is there")
    if not await replace.is_empty(config.database):
        raise BadRequest(f"{name_of(config.database)} is not empty: --force replaces what is there")


@contextmanager
def _stage(config: Config) -> Iterator[Path]:
    """A folder on the disk of the database-to-be; what a killed process left in it is thrown away.

    It stays, empty, where a restore fails: what that has brought is then no reason to refuse the next one.
    """
    path = sqlite_path(database_url(config.database))
    folder = (path.parent if path else config.data_dir) / _STAGE
    if folder.is_symlink():
        raise BackupError(f"{folder} is a link: remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear(folder)
        yield folder
        _clear(folder)
        folder.rmdir()
    except OSError as error:
        raise BackupError(f"cannot write to {folder.parent}: {error.strerror}; nothing has changed") from error
    finally:
        _clear(folder)


def _clear(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink(missing_ok=True)


def _bring_files(source: Source, config: Config, database: Path) -> None:
    """Put the checkpoints beside those that are there, under names of their own, and let the database know them."""
    if source.archive is None:
        return
    config.candidates.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, entry in source.archive.manifest.checkpoints.items():
        path = _free(config.candidates.absolute() / name.removeprefix(CHECKPOINTS), entry.sha256)
        if not path.exists():
            unfinished = path.with_name(f"{path.name}.part")
            source.archive.extract(name, unfinished)
            os.replace(unfinished, path)
        paths[entry.sha256] = path
    sync(config.candidates)
    snapshot.relocate(database, paths)
    _write(config.data_dir / RESTORED_SETTINGS, source.archive.text(SETTINGS))


def _write(path: Path, text: str) -> None:
    """Put a text in a file's place: root may restore, and a link that lies there would lead elsewhere."""
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.unlink(missing_ok=True)
    with unfinished.open("x", encoding="utf-8") as file:
        file.write(text)
    os.replace(unfinished, path)


def _free(path: Path, sha256: str) -> Path:
    """The path itself where nothing else has it; a file that another version may need stays."""
    return path if sha256_of(path) in ("", sha256) else path.with_name(f"{path.stem}.{sha256[:12]}{path.suffix}")


def _hand_over(config: Config) -> None:
    """Let what root restored belong to whoever has the data directory, as whom the bot runs."""
    if os.geteuid() != 0:
        return
    owner = config.data_dir.stat()
    for path in (config.data_dir, *config.data_dir.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
