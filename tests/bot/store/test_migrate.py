# ruff: noqa: ASYNC240 (nothing else runs on a test's loop)

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from bot.core.errors import StoreError
from bot.store import Store
from bot.store.migrate import MIGRATIONS, migrate
from bot.store.tables import metadata
from tests.bot.store.samples import a_tune, new_tunes

HEAD = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("*.py"))
NEXT = '''"""A column for a test."""
import sqlalchemy as sa
from alembic import op
revision, down_revision = "9999", "{head}"
def upgrade() -> None:
    with op.batch_alter_table("members") as members:
        members.alter_column("name", new_column_name="nickname")
    {more}
'''
FIRST_ROWS = """
INSERT INTO members VALUES (1, 'web', 'ann', 'Ann', '2026-11-01 10:00:00');
INSERT INTO servers VALUES (1, 'web', 'home', '', '2026-11-01 10:00:00');
INSERT INTO versions VALUES (1, 'shipped.safetensors', '00', 'trad', '2026-11-01 10:00:00', '');
INSERT INTO prompts (id, member_id, server_id, state, key, rhythm, temperature, form, seed, opening, count, version,
    created_at) VALUES
    (1, 1, 1, 'done', 'Edor', 'reel', 0.9, 'AABB:4', 7, 'EBBA|', 2, 1, '2026-11-01 10:00:00'),
    (2, 1, 1, 'composing', 'D', 'jig', 1.0, 'AABB:8', 3, '', 1, 1, '2026-11-01 10:01:00');
INSERT INTO tunes (id, prompt_id, ordinal, member_id, server_id, key, rhythm, seed, title, abc, created_at) VALUES
    (1, 1, 1, 1, 1, 'Edor', 'reel', 8, 'The Long Lane', 'X:1', '2026-11-01 10:00:05');
INSERT INTO votes VALUES (1, 1, 1, '2026-11-01 10:00:06', '2026-11-01 10:00:06');
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tunesmith.db"


def next_release(tmp_path: Path, more: str = "pass") -> Path:
    """The migrations of a release that has one more."""
    scripts = Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))
    (scripts / "versions" / "9999_test.py").write_text(NEXT.format(head=HEAD, more=more))
    return scripts


def release_of(tmp_path: Path, last: str) -> Path:
    """The migrations of an earlier release, up to a revision."""
    scripts = Path(shutil.copytree(MIGRATIONS, tmp_path / "earlier"))
    for later in (scripts / "versions").glob("*.py"):
        if later.name[: len(last)] > last:
            later.unlink()
    return scripts


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(sql).fetchall()


async def test_migrations_and_tables_agree(path: Path) -> None:
    await migrate(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_it_works_from_any_directory_and_makes_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with await Store.open("new folder/100%.db"):
        pass
    assert (tmp_path / "new folder" / "100%.db").exists()


async def test_a_url_is_as_good_as_a_path(path: Path) -> None:
    async with await Store.open(f"sqlite:///{path}") as store:
        tune = await a_tune(store)
    async with await Store.open(path) as store:
        assert await store.tunes.load(tune.id) == tune


@pytest.mark.parametrize("url", ["mysql://bob:secret@db/tunes", "://secret", "postgresql://bob:secret@db:port/x"])
async def test_a_url_that_cannot_be_used_is_one_line_without_a_password(url: str) -> None:
    with pytest.raises(StoreError) as refusal:
        await Store.open(url)
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


async def test_a_current_database_is_left_alone(path: Path) -> None:
    await migrate(path)
    before = path.read_bytes()
    await migrate(path)
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.before-*"))


async def test_four_that_migrate_at_once_agree(path: Path) -> None:
    await asyncio.gather(*(migrate(path) for _ in range(4)))
    assert query(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]


async def test_a_copy_is_kept_before_a_migration(tmp_path: Path, path: Path) -> None:
    async with await Store.open(path) as store:
        tune = await a_tune(store)
        await store.votes.cast(tune.id, tune.member_id, 1)
        await migrate(path, next_release(tmp_path))  # while the file is open: rows in the WAL are copied too
    copy = tmp_path / "tunesmith.db.before-9999"
    assert query(copy, "SELECT name FROM members") == [("Ann",)]
    assert query(copy, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    assert query(path, "SELECT nickname FROM members") == [("Ann",)]
    assert query(path, "SELECT value FROM votes") == [(1,)], "replacing a table keeps the rows that refer to it"
    async with await Store.open(copy) as store:
        assert (await store.tunes.load(tune.id)) is not None


async def test_a_database_of_the_first_release_keeps_its_rows(tmp_path: Path, path: Path) -> None:
    await migrate(path, release_of(tmp_path, "0001"))
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FIRST_ROWS)
    async with await Store.open(path) as store:
        tune = await store.tunes.load(1, viewer=1)
        assert tune is not None
        assert (tune.title, tune.prompt.seed, tune.prompt.opening, tune.votes.mine) == ("The Long Lane", 8, "EBBA|", 1)
        assert (tune.nearest, tune.drawn_temperature) == (None, None)
        (waiting,) = await store.prompts.unfinished(["web"])
        assert (waiting.id, waiting.prompt.rhythm) == (2, "jig")
        (tune,) = await store.prompts.finish(2, new_tunes())
        assert tune.nearest == new_tunes()[0].nearest
    assert query(tmp_path / f"tunesmith.db.before-{HEAD}", "SELECT version_num FROM alembic_version") == [("0001",)]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, path: Path) -> None:
    async with await Store.open(path) as store:
        await a_tune(store)
    with pytest.raises(ZeroDivisionError):
        await migrate(path, next_release(tmp_path, "1 / 0"))
    assert query(path, "SELECT name FROM members") == [("Ann",)]
    async with await Store.open(path):
        pass


async def test_a_migration_that_breaks_references_changes_nothing(tmp_path: Path, path: Path) -> None:
    async with await Store.open(path) as store:
        await a_tune(store)
    with pytest.raises(StoreError, match="refer to nothing"):
        await migrate(path, next_release(tmp_path, 'op.execute("DELETE FROM members")'))
    assert query(path, "SELECT name FROM members") == [("Ann",)]


async def test_a_newer_database_is_refused_and_untouched(tmp_path: Path, path: Path) -> None:
    scripts = next_release(tmp_path)
    await migrate(path, scripts)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"tunesmith\.db is from a newer release .*9999") as refusal:
        await Store.open(path)
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.before-*"))


async def test_a_newer_database_left_by_a_crash_is_untouched(tmp_path: Path, path: Path) -> None:
    await migrate(path, next_release(tmp_path))
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE more (id INTEGER)")  # in the WAL as long as this connection is open
        for name in (path.name, f"{path.name}-wal"):
            shutil.copy(tmp_path / name, crashed)
    before = {file.name: file.read_bytes() for file in crashed.iterdir()}
    with pytest.raises(StoreError, match="newer release"):
        await Store.open(crashed / path.name)
    assert {name: (crashed / name).read_bytes() for name in before} == before


async def test_another_programs_database_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        await Store.open(path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_untouched(path: Path) -> None:
    path.write_text("Dear diary, " * 100)
    with pytest.raises(StoreError, match=r"tunesmith\.db .*not a database.*restore a backup"):
        await Store.open(path)
    assert path.read_text() == "Dear diary, " * 100


@pytest.mark.parametrize("damage", ["cut", "flip"])
async def test_a_corrupt_database_is_refused(path: Path, damage: str) -> None:
    await migrate(path)
    data = bytearray(path.read_bytes())
    path.write_bytes(data[:9000] if damage == "cut" else data[:100] + bytes(4000) + data[4100:])
    with pytest.raises(StoreError, match=r"tunesmith\.db .*malformed.*restore a backup"):
        await Store.open(path)


async def test_an_empty_file_becomes_a_database_which_the_log_says(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.touch()
    async with await Store.open(path) as store:
        assert (await a_tune(store)).id == 1
    assert "was empty and is made anew: if it held anything, restore a backup" in caplog.text


async def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreError, match=r"data/tunesmith\.db .*can be reached and written"):
        await Store.open(tmp_path / "data" / "tunesmith.db")


async def test_a_folder_in_the_files_place_is_one_clear_line(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError, match="can be reached and written"):
        await Store.open(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path, path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="unable to open"):
        await Store.open(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_file_that_cannot_be_written_is_found_at_once(path: Path) -> None:
    await migrate(path)
    path.chmod(0o400)
    with pytest.raises(StoreError, match="readonly"):
        await Store.open(path)
