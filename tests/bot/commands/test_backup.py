"""`backup` and `restore` as an operator runs them, beside a bot at work."""

import json
import sqlite3
import time
import urllib.request
from contextlib import closing
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from bot.app.data_directory import data_directory_lock
from tests.command_line import Running, bot, ran
from tests.test_command_line import Run, here, refused

__all__ = ["here"]


def stored(data: Path, sql: str = "SELECT id FROM prompts") -> set[int]:
    with closing(sqlite3.connect(f"file:{data / 'tunesmith.db'}?mode=ro", uri=True)) as database:
        return {row[0] for row in database.execute(sql)}


def ask(running: Running, count: int) -> set[int]:
    """Ask for tunes as a page does; the prompts' ids."""
    member = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    member.open(running.address, timeout=120).close()
    ids = set()
    for number in range(count):
        body = json.dumps({"text": f"/compose key:D rhythm:polka form:AB:4 seed:{number}"}).encode()
        request = urllib.request.Request(f"{running.address}/messages", body, {"Content-Type": "application/json"})
        with member.open(request, timeout=120) as response:
            ids.add(json.load(response)["id"])
    return ids


def test_a_bot_that_composes_is_backed_up_and_its_disk_is_lost(tmp_path: Path) -> None:
    data, backup = tmp_path / "data", str(tmp_path / "backup.zip")
    with bot(data, TUNESMITH_QUEUE__PER_MEMBER="50") as running:
        asked = ask(running, 12)
        made = ran(data, "backup", backup)
        assert (made.returncode, made.stderr) == (0, "")
        assert "12 prompts" in made.stdout
        refused(ran(data, "restore", backup, "--force"), 2, "another bot already runs on")
        more = ask(running, 3)
        running.process.kill()
    (tmp_path / "lost").mkdir()
    data.rename(tmp_path / "lost" / "data")
    done = ran(data, "restore", backup)
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(data) == asked
    assert stored(tmp_path / "lost" / "data") == asked | more
    with bot(data):
        until = time.monotonic() + 60
        while stored(data, "SELECT id FROM prompts WHERE state != 'done'"):
            assert time.monotonic() < until, "what was not done when it was backed up goes on"
            time.sleep(0.05)


@pytest.mark.parametrize("words", [["restore", "none.zip"], ["restore", "none.zip", "--force"]])
def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path, here: Run, words: list[str]) -> None:
    refused(here(tmp_path / "data", *words), 2, "there is no file none.zip")
    assert list(tmp_path.iterdir()) == [], "not even the data directory was made"


def test_a_file_that_is_no_good_touches_nothing(tmp_path: Path, here: Run) -> None:
    assert here(tmp_path / "data", "migrate").returncode == 0
    assert here(tmp_path / "data", "backup", "whole.zip").returncode == 0
    whole = (tmp_path / "whole.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "damaged.zip").write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    for name in ("cut.zip", "damaged.zip"):
        refused(here(tmp_path / "other", "restore", name, "--force"), 1, f"{name} is damaged or cut short")
    assert not (tmp_path / "other").exists()


def test_restore_is_refused_where_there_is_something_and_in_use(tmp_path: Path, here: Run) -> None:
    data = tmp_path / "data"
    assert here(data, "migrate").returncode == 0
    assert here(data, "backup", "b.zip").returncode == 0
    refused(here(data, "restore", "b.zip"), 2, "data is not empty (tunesmith.db", "--force")
    with data_directory_lock(data):
        refused(here(data, "restore", "b.zip", "--force"), 2, "another bot already runs on")
    done = here(data, "restore", "b.zip", "--force")
    assert (done.returncode, done.stderr) == (0, "")
    assert "tunesmith.db.before-restore" in done.stdout


def test_backup_of_nothing_is_a_failure(tmp_path: Path, here: Run) -> None:
    refused(here(tmp_path / "data", "backup", "b.zip"), 1, "there is no database")
    assert list(tmp_path.iterdir()) == []
