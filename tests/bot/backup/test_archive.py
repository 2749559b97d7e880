"""The file format: whatever happens to a backup on its way is found before anything is restored."""

import json
import random
import re
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.backup.archive import CHUNK, DATABASE, FORMAT, SETTINGS, Manifest, Reader, writing
from bot.core.errors import BackupError, BadRequest

BODY = random.Random(1).randbytes(5000)


def written(path: Path, **changes: object) -> Path:
    body = path.with_suffix(".body")
    body.write_bytes(BODY)
    manifest = Manifest(release="0.1.0", made_at=datetime.now(UTC), revision="0009", rows={"tunes": 3})
    with writing(path) as archive:
        archive.add(DATABASE, body)
        archive.add("checkpoints/one", body, compressed=False)
        archive.finish(manifest.model_copy(update=changes))
    return path


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return written(tmp_path / "backup.zip")


def test_what_was_written_is_read(backup: Path, tmp_path: Path) -> None:
    with Reader.open(backup) as archive:
        assert archive.manifest.rows == {"tunes": 3}
        assert set(archive.manifest.files) == {DATABASE, "checkpoints/one"}
        archive.extract("checkpoints/one", tmp_path / "one")
        assert archive.text("config.toml") == ""
    assert (tmp_path / "one").read_bytes() == BODY


def test_any_program_opens_it_and_only_its_owner_may(backup: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(backup, tmp_path / "unpacked", "zip")
    assert (tmp_path / "unpacked" / DATABASE).read_bytes() == BODY
    assert backup.stat().st_mode & 0o077 == 0


def test_every_changed_byte_is_found(backup: Path) -> None:
    whole = backup.read_bytes()
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        backup.write_bytes(damaged)
        with pytest.raises(BackupError):
            Reader.open(backup)


def test_every_shorter_or_longer_file_is_found(backup: Path) -> None:
    whole = backup.read_bytes()
    for size in [*range(0, len(whole), 97), len(whole) - 1]:
        backup.write_bytes(whole[:size])
        with pytest.raises(BackupError):
            Reader.open(backup)
    backup.write_bytes(whole + b"\n")
    with pytest.raises(BackupError, match="damaged"):
        Reader.open(backup)


def test_an_archive_that_was_packed_anew_is_refused(backup: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(backup, tmp_path / "unpacked", "zip")
    (tmp_path / "unpacked" / DATABASE).write_bytes(b"another")
    other = shutil.make_archive(str(tmp_path / "other"), "zip", tmp_path / "unpacked")
    with pytest.raises(BackupError, match="no backup"):
        Reader.open(Path(other))


def test_what_is_no_backup_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("Dear diary, " * 100)
    with zipfile.ZipFile(tmp_path / "empty", "w"):
        pass
    for name in ("diary", "empty"):
        with pytest.raises(BackupError, match="no backup of Tunesmith") as refusal:
            Reader.open(tmp_path / name)
        assert "\n" not in str(refusal.value)
    with pytest.raises(BadRequest, match="there is no file"):
        Reader.open(tmp_path / "absent")
    with pytest.raises(BadRequest, match="Is a directory"):
        Reader.open(tmp_path)


def test_a_newer_format_is_refused_by_the_name_of_its_release(tmp_path: Path) -> None:
    newer = written(tmp_path / "newer.zip", format=FORMAT + 1, release="7.0")
    with pytest.raises(BackupError, match=re.escape("newer release of Tunesmith (7.0): install that one")):
        Reader.open(newer)


@pytest.mark.parametrize(
    "name",
    [
        *("checkpoints/../../etc/passwd", "/etc/passwd", "nested/tunesmith.db", "bot.lock", "signing.key"),
        *("checkpoints/..", "checkpoints/.", "checkpoints/", "checkpoints/a\\b", "checkpoints/.hidden"),
    ],
)
def test_a_manifest_that_names_other_places_is_refused(tmp_path: Path, name: str) -> None:
    body = tmp_path / "body"
    body.write_bytes(BODY)
    with writing(tmp_path / "evil.zip") as archive:
        for entry in (DATABASE, name):
            archive.add(entry, body)
        archive.finish(Manifest(release="0.1.0", made_at=datetime.now(UTC), revision="0009", rows={}))
    with pytest.raises(BackupError, match="none of ours"):
        Reader.open(tmp_path / "evil.zip")


def test_a_file_that_its_manifest_does_not_know_by_hash_is_refused(backup: Path, tmp_path: Path) -> None:
    with Reader.open(backup) as archive:
        entries = json.loads(archive.manifest.model_dump_json())["files"]
        entries["checkpoints/one"]["sha256"] = "0" * 64
        archive.manifest = Manifest.model_validate({**archive.manifest.model_dump(), "files": entries})
        with pytest.raises(BackupError, match="checkpoints/one is not what its manifest says"):
            archive.extract("checkpoints/one", tmp_path / "one")


def hostile(path: Path, **large: bytes) -> Path:
    """A sealed archive whose manifest gives each of these files a tenth of the size that it has."""
    with writing(path) as archive:
        for name in (DATABASE, SETTINGS):
            archive.add_text(name, large.get(name.partition(".")[0], b"x" * 5000).decode())
        entries = {name: entry.model_copy(update={"size": entry.size // 10}) for name, entry in archive.files.items()}
        archive.files.update(entries)
        archive.finish(Manifest(release="0.1.0", made_at=datetime.now(UTC), revision="0009", rows={}))
    return path


def test_a_file_that_unpacks_to_more_than_its_manifest_says_is_cut_off(tmp_path: Path) -> None:
    bomb = hostile(tmp_path / "bomb.zip", tunesmith=b"0" * 50_000_000)
    assert bomb.stat().st_size < 1_000_000
    with Reader.open(bomb) as archive, pytest.raises(BackupError, match="not what its manifest says"):
        archive.extract(DATABASE, tmp_path / "out")
    assert (tmp_path / "out").stat().st_size <= 5_000_000 + 2 * CHUNK


def test_settings_that_unpack_to_more_than_memory_has_are_refused(tmp_path: Path) -> None:
    with Reader.open(hostile(tmp_path / "bomb.zip", config=b"#" * 11_000_000)) as archive, pytest.raises(BackupError):
        archive.text(SETTINGS)


def test_a_link_in_the_place_of_a_file_is_not_followed(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "out").symlink_to(tmp_path / "precious")
    with Reader.open(backup) as archive:
        archive.extract(DATABASE, tmp_path / "out")
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "out").is_symlink()
