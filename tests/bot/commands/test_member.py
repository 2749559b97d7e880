"""`member show`, `export` and `forget`, as an operator runs them."""

import asyncio
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

from bot.store import Store
from tests.bot.store.test_erasure import ANN, TRACES, told
from tests.test_command_line import Run, here, refused

__all__ = ["here"]


async def fill(data: Path) -> None:
    async with await Store.open(data / "tunesmith.db") as store:
        await told(store)


def test_what_is_stored_is_shown_and_handed_over(tmp_path: Path, here: Run) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data))
    shown = here(data, "member", "show", ANN.member)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.splitlines() == [
        f"discord {ANN.member}, named {ANN.member_name}",
        "5 prompts, 4 tunes, 3 votes, 1 retraining, 2 audit records, 0 blocked tunes",
    ]
    assert here(data, "member", "export", ANN.member, "ann.zip").returncode == 0
    with zipfile.ZipFile(tmp_path / "ann.zip") as archive:
        assert json.loads(archive.read("members.json"))[0]["name"] == ANN.member_name
        assert len(json.loads(archive.read("votes.json"))) == 3
        assert len([name for name in archive.namelist() if name.endswith(".abc")]) == 4


def test_who_is_forgotten_leaves_no_trace_in_any_file(tmp_path: Path, here: Run) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data))
    done = here(data, "member", "forget", ANN.member, "--tunes", "remove")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 votes, 5 prompts" in done.stdout
    held = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert [word for word in TRACES if word.encode() in held] == []
    refused(here(data, "member", "show", ANN.member), 2, "nothing is stored about a member")
    assert here(data, "backup", "after.zip").returncode == 0
    with closing(sqlite3.connect(data / "tunesmith.db")) as database:
        assert database.execute("SELECT count(*) FROM tunes").fetchone() == (2,), "others' tunes are there"


def test_copies_that_still_hold_it_are_named(tmp_path: Path, here: Run) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data))
    (data / "tunesmith.db.before-0009").touch()
    assert "tunesmith.db.before-0009. Delete" in here(data, "member", "forget", ANN.member).stdout


def test_an_id_that_nobody_has_is_bad_input_and_a_name_is_a_hint(tmp_path: Path, here: Run) -> None:
    data = tmp_path / "data"
    asyncio.run(fill(data))
    refused(here(data, "member", "forget", "1234"), 2, "nothing is stored about a member 1234")
    refused(here(data, "member", "forget", ANN.member_name), 2, f"{ANN.member} on discord has that name")
    refused(here(data, "member", "show", ANN.member, "--platform", "web"), 2, "nothing is stored")
