import json
from pathlib import Path
from typing import Any

import pytest

from model.commands.read import NO_TUNE
from model.music.abc_file import tune_texts
from model.music.abc_reader import parse
from tests.model.command_line import is_one_line, model

REEL = """X:3
T:The Reel
R:reel
M:C|
L:1/8
K:Edor
|:{d}E2BE dEBE|!trill!~E2BE AFDF|"Em"EBBA B2E-E|BE^df efgf:|
"""
BROKEN = "X:4\nT:The Broken\nM:6/8\nL:1/8\nK:D\nDFA dAF|DFA #q|\n"


def entries(*arguments: str, status: int) -> list[dict[str, Any]]:
    ended = model("read", *arguments, "--json")
    assert ended.status == status, ended.err
    return list(json.loads(ended.out))


def test_each_tune_is_an_entry_and_so_is_a_file_without_one(tmp_path: Path) -> None:
    (tmp_path / "book.ABC").write_text(f"{REEL}\n{BROKEN}")
    (tmp_path / "letter.abc").write_text("Dear all,\nthere is no tune in this.\n")
    reel, broken, letter = entries(str(tmp_path), status=1)
    assert reel == {
        "file": str(tmp_path / "book.ABC"),
        "x": 3,
        "title": "The Reel",
        "rhythm": "reel",
        "key": "Edor",
        "metre": "C|",
        "notes": reel["notes"],
        "dropped": {"grace": 1, "decoration": 2},
        "error": None,
        "corpus": "kept",
    }
    assert reel["notes"][:3] == [[64, "1/4"], [71, "1/8"], [64, "1/8"]]
    assert [71, "1/4"] in reel["notes"]
    assert [64, "1/4"] in reel["notes"][10:]
    assert (broken["x"], broken["title"], broken["notes"]) == (4, "The Broken", [])
    assert broken["error"].startswith("line 14, column 13: a sharp is written before its note")
    assert broken["corpus"].startswith("not readable as ABC")
    assert (letter["x"], letter["key"], letter["error"], letter["corpus"]) == (None, None, NO_TUNE, "no tune")


def test_a_tune_is_written_in_plain_abc_that_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "tune.abc"
    file.write_text(REEL)
    ended = model("read", str(file))
    assert ended.status == 0, ended.err
    assert ended.out.startswith(
        "%abc-2.1\n% left out: decoration 2, grace 1\n% corpus: kept\nX:3\nT:The Reel\nR:reel\n"
    )
    (again,) = tune_texts(ended.out)
    assert parse(again) == parse(REEL)


def test_what_is_not_everyday_is_remarked_on_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "tune.abc"
    file.write_text("X:1\nT:t\nM:4/4\nL:1/8\nK:D\nDEFG ABcd|[K:G]!Slowly now!d8|\n")
    lines = model("read", str(file)).out.splitlines()
    assert "% line 6, column 14: key change" in lines
    assert "% line 6, column 16: unknown decoration 'Slowly now'" in lines
    assert "% rhythm: air, by its notes" in lines
    assert "% corpus: a key change inside the tune" in lines


@pytest.mark.parametrize(
    ("data", "title", "guess"),
    [
        ("T:Müllers Frühling".encode("cp1252"), "Müllers Frühling", "not UTF-8 as expected: taken for Windows-1252"),
        ("T:Müllers Frühling".encode(), "Müllers Frühling", ""),
        ("%%abc-charset iso-8859-2\nT:Łódź".encode("iso-8859-2"), "Łódź", ""),
    ],
)
def test_the_guess_of_an_encoding_is_said(tmp_path: Path, data: bytes, title: str, guess: str) -> None:
    file = tmp_path / "tune.abc"
    file.write_bytes(b"X:1\n" + data + b"\nK:D\nDFA|\n")
    ended = model("read", str(file), "--json")
    assert json.loads(ended.out)[0]["title"] == title
    assert guess in ended.err
    assert bool(guess) == bool(ended.err)


def test_utf_16_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"):
        file = tmp_path / f"{encoding}.abc"
        file.write_bytes(REEL.replace("The Reel", "Ríl").encode(encoding))
        assert entries(str(file), status=0)[0]["title"] == "Ríl"


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    is_one_line(model("read", str(tmp_path / "none.abc")), 2, "no ABC file or folder")
