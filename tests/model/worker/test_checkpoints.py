"""Versions in the worker: loaded once, verified, the last few kept, bad ones replaced by the last good one."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from model.errors import CheckpointError
from model.music.key import Key
from model.prompt import Prompt
from model.worker.checkpoints import Versions
from model.worker.protocol import Job


@dataclass
class Disk:
    """Counts what is read; a file that says `bad` is refused."""

    reads: list[str] = field(default_factory=list)

    def load(self, path: Path, sha256: str) -> str:
        self.reads.append(path.name)
        if not path.exists():
            raise CheckpointError(f"no checkpoint at {path}")
        if path.read_text() == "bad":
            raise CheckpointError(f"checkpoint {path} is corrupt")
        return f"{path.read_text()} {sha256}"


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def versions(disk: Disk, tmp_path: Path) -> Versions[str]:
    versions = Versions(disk.load, keep=2, retry_after=600.0)
    versions.load_default(written(tmp_path, 1), "hash1")
    return versions


def written(folder: Path, number: int, text: str = "good") -> Path:
    path = folder / f"{number}.safetensors"
    path.write_text(text)
    return path


def job(path: Path, number: int) -> Job:
    return Job("a", Prompt(Key.parse("D"), "reel"), 1.0, str(path), f"hash{number}", number)


def test_a_version_is_read_once_however_many_jobs_name_it(versions: Versions[str], disk: Disk, tmp_path: Path) -> None:
    two = written(tmp_path, 2)
    for _ in range(100):
        loaded, note = versions.for_job(job(two, 2))
        assert (loaded.sampler, loaded.version, note) == ("good hash2", 2, "")
    assert disk.reads == ["1.safetensors", "2.safetensors"]


def test_the_default_is_known_by_its_hash(versions: Versions[str], disk: Disk, tmp_path: Path) -> None:
    loaded, _ = versions.for_job(job(tmp_path / "1.safetensors", 1))
    assert (loaded.version, disk.reads) == (1, ["1.safetensors"])
    nameless, _ = versions.for_job(Job("a", Prompt(Key.parse("D"), "reel"), 1.0))
    assert nameless == loaded


def test_the_last_ones_used_are_kept(versions: Versions[str], disk: Disk, tmp_path: Path) -> None:
    paths = {number: written(tmp_path, number) for number in (1, 2, 3)}
    for number in (2, 1, 3, 1, 2):
        assert versions.for_job(job(paths[number], number))[0].version == number
    assert disk.reads == [f"{number}.safetensors" for number in (1, 2, 3, 2)]


def test_a_corrupt_one_falls_back_to_the_last_good_one_and_is_not_read_again(
    versions: Versions[str], disk: Disk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    two, three = written(tmp_path, 2), written(tmp_path, 3, "bad")
    versions.for_job(job(two, 2))
    for _ in range(10):
        loaded, note = versions.for_job(job(three, 3))
        assert loaded.version == 2
        assert note.startswith("version 3 cannot be used: checkpoint")
    assert disk.reads.count("3.safetensors") == 1
    assert len(caplog.records) == 1
    three.write_text("repaired")
    os.utime(three)
    assert versions.for_job(job(three, 3)) == (versions.for_job(job(three, 3))[0], "")
    assert versions.for_job(job(three, 3))[0].version == 3


def test_a_refused_file_is_read_again_after_a_while(disk: Disk, tmp_path: Path) -> None:
    versions = Versions(disk.load, keep=2, retry_after=0.0)
    versions.load_default(written(tmp_path, 1), "hash1")
    three = written(tmp_path, 3, "bad")
    for _ in range(2):
        assert "is corrupt" in versions.for_job(job(three, 3))[1]
    assert disk.reads.count("3.safetensors") == 2


def test_a_file_that_is_replaced_does_no_harm_to_a_version_in_use(versions: Versions[str], tmp_path: Path) -> None:
    two = written(tmp_path, 2)
    versions.for_job(job(two, 2))
    two.write_text("bad")
    loaded, note = versions.for_job(job(two, 2))
    assert (loaded.version, note) == (2, "")


def test_a_missing_file_is_read_once_it_is_there(versions: Versions[str], tmp_path: Path) -> None:
    assert "no checkpoint at" in versions.for_job(job(tmp_path / "4.safetensors", 4))[1]
    assert versions.for_job(job(written(tmp_path, 4), 4))[0].version == 4


def test_a_default_that_cannot_be_loaded_is_an_error(disk: Disk, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        Versions(disk.load, keep=2).load_default(tmp_path / "none", "")
