"""`python -m bot compose` and what every mistake on the command line leads to."""

import io
import json
import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import symusic
from PIL import Image

from bot.__main__ import main
from bot.app.data_directory import data_directory_lock
from tests.command_line import ran

Run = Callable[..., subprocess.CompletedProcess[str]]
KINDS = {"abc", "mid", "png", "mp3"}


def refused(result: subprocess.CompletedProcess[str], status: int, *parts: str) -> None:
    """One line on stderr, this exit status, nothing on stdout."""
    assert (result.returncode, result.stdout) == (status, ""), result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert len(line) < 300
    for part in parts:
        assert part in line


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where something was composed already."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def composed(home: Path) -> list[dict[str, Any]]:
    words = ("compose", "--key", "F#m", "--count", "3", "--seed", "7", "--rhythm", "reel", "--out", "out", "--json")
    result = ran(home / "data", *words)
    assert (result.returncode, result.stderr) == (0, "")
    tunes: list[dict[str, Any]] = json.loads(result.stdout)
    return tunes


def test_each_tune_has_its_seed_and_its_four_files(home: Path, composed: list[dict[str, Any]]) -> None:
    assert [tune["seed"] for tune in composed] == [7, 8, 9]
    assert {(tune["key"], tune["rhythm"], tune["version"]) for tune in composed} == {("F#m", "reel", 1)}
    for tune in composed:
        assert tune["nearest"].keys() == {"title", "source", "similarity"}
        assert 0 < tune["nearest"]["similarity"] <= 0.8
        assert tune["drawn_temperature"] >= tune["temperature"]
    files = [file for tune in composed for file in tune["files"].values()]
    assert all(tune["files"].keys() == KINDS for tune in composed)
    assert sorted(str(path.relative_to(home)) for path in (home / "out").iterdir()) == sorted(files)
    assert len(set(files)) == 12


def test_abc2midi_reads_the_abc(home: Path, composed: list[dict[str, Any]], tmp_path: Path) -> None:
    if shutil.which("abc2midi") is None:
        pytest.skip("no abc2midi: apt-get install abcmidi")
    for tune in composed:
        read = subprocess.run(
            ["abc2midi", home / tune["files"]["abc"], "-o", tmp_path / "x.mid"], capture_output=True, text=True
        )
        assert read.returncode == 0
        assert "Error" not in read.stdout
        assert "Warning" not in read.stdout
        assert (tmp_path / "x.mid").read_bytes().startswith(b"MThd")
        assert "K:F#m" in (home / tune["files"]["abc"]).read_text().replace(" ", "")


def test_the_picture_is_a_picture(home: Path, composed: list[dict[str, Any]]) -> None:
    for tune in composed:
        with Image.open(home / tune["files"]["png"]) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert picture.width >= 1000
            pixels = np.asarray(picture.convert("L"))
        assert pixels[0, 0] == 255
        assert 0.005 < float((pixels < 128).mean()) < 0.3


def test_the_sound_is_as_long_as_the_midi_neither_silent_nor_clipped(
    home: Path, composed: list[dict[str, Any]]
) -> None:
    for tune in composed:
        score = symusic.Score(str(home / tune["files"]["mid"]))
        sound, rate = soundfile.read(io.BytesIO((home / tune["files"]["mp3"]).read_bytes()))
        assert -0.1 < len(sound) / rate - score.to("second").end() < 1.5  # the room dies away
        assert 0.1 < np.abs(sound).max() < 0.999
        assert np.sqrt(np.mean(np.square(sound))) > 0.05


BAD = {
    "key": (["--key", "H"], "unknown key 'H'"),
    "mode": (["--key", "D#lydianish"], "D#lydianish"),
    "no key": (["--key", ""], "key"),
    "rhythm": (["--key", "D", "--rhythm", "tango"], "unknown rhythm 'tango'"),
    "temperature 0": (["--key", "D", "--temperature", "0"], "temperature is 0"),
    "temperature -1": (["--key", "D", "--temperature=-1"], "temperature is -1"),
    "temperature 9": (["--key", "D", "--temperature", "9"], "temperature is 9"),
    "temperature nan": (["--key", "D", "--temperature", "nan"], "temperature is nan"),
    "temperature warm": (["--key", "D", "--temperature", "warm"], "temperature is warm"),
    "count 0": (["--key", "D", "--count", "0"], "count is 0"),
    "count 1000": (["--key", "D", "--count", "1000"], "count is 1000"),
    "form": (["--key", "D", "--form", "ABBA"], "unknown form 'ABBA'"),
    "seed": (["--key", "D", "--seed", "-3"], "seed is -3"),
    "seed and count": (["--key", "D", "--seed", str(2**31 - 1), "--count", "2"], "leaves no room for 2 tunes"),
    "opening": (["--key", "D", "--opening", "E" * 131_000], "the opening has 131000 characters"),
    "unknown option": (["--key", "D", "--colour", "red"], "unrecognized arguments: --colour red"),
}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in this process, which spares it a second and a half of imports."""

    def run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        for name in os.environ:
            if name.startswith("TUNESMITH_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("TUNESMITH_DATA_DIR", str(data))
        try:
            status = main(words)
        except SystemExit as ended:
            status = int(str(ended.code))
        return subprocess.CompletedProcess(words, status, *capsys.readouterr())

    return run


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_status_2(tmp_path: Path, here: Run, case: str) -> None:
    words, part = BAD[case]
    refused(here(tmp_path / "data", "compose", *words, "--out", "out"), 2, part)
    assert list(tmp_path.iterdir()) == []  # refused before anything is made


def test_bad_input_is_the_same_in_a_process_of_its_own(tmp_path: Path) -> None:
    words = ("--key", "D", "--opening", "E" * 131_000)  # Linux takes arguments up to 128 KB
    refused(ran(tmp_path / "data", "compose", *words, "--out", "out"), 2, "the opening has 131000 characters")
    assert list(tmp_path.iterdir()) == []


def test_an_opening_that_is_no_music_is_bad_input(home: Path, composed: list[dict[str, Any]]) -> None:
    refused(ran(home / "data", "compose", "--key", "D", "--opening", "%%%%", "--out", "new"), 2, "opening")
    assert list((home / "new").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path: Path, here: Run) -> None:
    (tmp_path / "file").touch()
    refused(here(tmp_path / "data", "compose", "--key", "D", "--out", "file/out"), 2, "cannot make the folder file/out")


def test_a_missing_checkpoint_is_a_failure(tmp_path: Path) -> None:
    result = ran(tmp_path / "data", TUNESMITH_WORKER__CHECKPOINT="mine.safetensors")
    refused(result, 1, "the worker cannot start: no checkpoint at", "mine.safetensors")


def test_a_corrupt_checkpoint_is_a_failure(tmp_path: Path, here: Run) -> None:
    (tmp_path / "mine.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      " * 1000)
    (tmp_path / "config.toml").write_text('[worker]\ncheckpoint = "mine.safetensors"\n')
    refused(here(tmp_path / "data", "compose", "--key", "D", "--out", "out"), 1, "corrupt")


@pytest.fixture(params=["run", "compose", "migrate"])
def words(request: pytest.FixtureRequest) -> list[str]:
    return {"run": [], "compose": ["compose", "--key", "D", "--out", "out"], "migrate": ["migrate"]}[request.param]


def test_a_database_of_a_newer_release_is_left_alone(tmp_path: Path, here: Run, words: list[str]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with sqlite3.connect(data / "tunesmith.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    database.close()
    before = (data / "tunesmith.db").read_bytes()
    refused(here(data, *words), 1, "newer release of Tunesmith")
    assert (data / "tunesmith.db").read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, here: Run) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "tunesmith.db").write_text("my diary " * 1000)
    refused(here(data), 1, "file is not a database")
    assert (data / "tunesmith.db").read_text() == "my diary " * 1000


def test_a_data_directory_that_cannot_be_made_is_bad_input(tmp_path: Path, here: Run, words: list[str]) -> None:
    (tmp_path / "file").touch()
    refused(here(tmp_path / "file" / "data", *words), 2, "cannot make the data directory")


def test_an_unwritable_data_directory_is_bad_input(here: Run, words: list[str]) -> None:
    refused(here(Path("/proc/1"), *words), 2, "data directory /proc/1", "TUNESMITH_DATA_DIR")


def test_an_unknown_key_of_the_settings_is_bad_input(tmp_path: Path, here: Run, words: list[str]) -> None:
    (tmp_path / "config.toml").write_text("[web]\nprot = 1\n")
    refused(here(tmp_path / "data", *words), 2, "unknown setting 'web.prot'")


def test_a_second_bot_on_one_data_directory_is_refused_and_other_commands_are_not(tmp_path: Path) -> None:
    with data_directory_lock(tmp_path / "data"):
        refused(ran(tmp_path / "data"), 2, "another bot already runs on")
        beside = ran(tmp_path / "data", "migrate")
        assert (beside.returncode, beside.stderr) == (0, "")


def test_a_port_in_use_is_bad_input(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = ran(tmp_path / "data", TUNESMITH_WEB__PORT=str(port))
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith(f"error: port {port} is in use: stop the program that has it, or set")
        assert len(result.stderr.splitlines()) == 1
