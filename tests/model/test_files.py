import os
from pathlib import Path

import pytest

from model.errors import InputError
from model.files import code_digest, keep_newest, write_atomically


def test_a_file_is_replaced_whole_and_may_be_read_by_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    write_atomically(tmp_path / "file", b"old")
    monkeypatch.setattr(os, step, crash)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"cannot write .*file/below: ") as refusal:
        write_atomically(tmp_path / "file" / "below", b"")
    assert "\n" not in str(refusal.value)


def test_only_the_newest_file_of_a_kind_is_kept(tmp_path: Path) -> None:
    for name in ("index-1", "index-2", "other-1"):
        (tmp_path / name).write_text("")
    keep_newest(tmp_path / "index-3", b"new", "index-")
    assert sorted(os.listdir(tmp_path)) == ["index-3", "other-1"]


def test_the_digest_is_of_every_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "room").mkdir()
    for name in ("files.py", "room/module.py", "room/data.txt"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr("model.files.__file__", str(tmp_path / "files.py"))
    before = code_digest()
    (tmp_path / "room" / "data.txt").write_text("other data")
    assert code_digest() == before
    (tmp_path / "room" / "module.py").write_text("x = 1")
    assert code_digest() != before
