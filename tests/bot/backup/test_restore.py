"""A restored bot has all it had, in either database; what is no good is refused before anything is touched."""
# ruff: noqa: ASYNC240 (nothing else runs on a test's loop)

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from bot.backup.backup import back_up
from bot.backup.restore import Restored, opened, restore
from bot.core.config import Config
from bot.core.errors import BackupError, BadRequest, StoreError, StoreInUse
from bot.store import Store
from bot.store.migrate import migrate
from tests.bot.backup.conftest import LEARNED, MINE, fill, settings
from tests.bot.store.samples import a_tune
from tests.bot.store.test_copy import everything
from tests.bot.store.test_migrate import FIRST_ROWS, next_release, query, release_of


async def restored(backup: Path, config: Config, force: bool = False) -> Restored:
    with opened(backup) as source:
        config.data_dir.mkdir(parents=True, exist_ok=True)  # as whoever takes its lock does
        return await restore(source, config, force)


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """Of an SQLite store with something in every table."""
    config = settings(tmp_path / "first")
    await fill(config, tmp_path)
    await back_up(config, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def without_paths(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    """Of versions the paths differ, as they should."""
    return {name: rows for name, rows in tables.items() if name != "versions"}


async def test_all_of_it_comes_back_in_either_database(
    make_settings: Callable[[str], Config], tmp_path: Path, backup: Path
) -> None:
    old, new = settings(tmp_path / "first"), make_settings("second")
    before = await everything(str(old.database))
    await restored(backup, new)
    after = await everything(str(new.database))
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    async with await Store.open(old.database) as store, await Store.open(new.database) as again:
        assert await again.tunes.history(1, 1, None, 99) == await store.tunes.history(1, 1, None, 99)
        assert [version.sha256 for version in await again.versions.load_all()] == [
            version.sha256 for version in await store.versions.load_all()
        ]
        learned, mine = (await again.versions.load_all())[-2:]
        assert (Path(learned.path).read_bytes(), Path(mine.path).read_bytes()) == (LEARNED, MINE)
        assert Path(learned.path).parent == Path(mine.path).parent == new.candidates
        newest = max(tune.id for _, tunes in await store.tunes.history(1, 1, None, 99) for tune in tunes)
        assert (await a_tune(again)).id > newest, "new rows are numbered on"
    assert sorted(path.name for path in new.data_dir.glob("restoring*")) == []


async def test_what_postgresql_held_can_go_on_in_an_sqlite_file(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    first, second = settings(tmp_path / "first", new_database()), settings(tmp_path / "second")
    await fill(first, tmp_path)
    await back_up(first, tmp_path / "backup.zip")
    await restored(tmp_path / "backup.zip", second)
    async with await Store.open(first.database) as store, await Store.open(second.database) as again:
        assert await again.tunes.history(1, 1, None, 99) == await store.tunes.history(1, 1, None, 99) != []


async def test_what_is_there_is_replaced_by_force_alone_and_kept_beside(tmp_path: Path, backup: Path) -> None:
    config = settings(tmp_path / "second")
    async with await Store.open(config.database) as store:
        tune = await a_tune(store)
    before = await everything(str(config.database))
    with pytest.raises(BadRequest, match=r"second is not empty \(tunesmith.db.*\): --force replaces"):
        await restored(backup, config)
    assert await everything(str(config.database)) == before
    done = await restored(backup, config, force=True)
    assert done.kept == config.data_dir / "tunesmith.db.before-restore"
    assert await everything(str(done.kept)) == before != await everything(str(config.database))
    await restored(done.kept, config, force=True)  # the way back from a restore
    async with await Store.open(config.database) as store:
        assert await store.tunes.load(tune.id) == tune


async def test_a_full_server_s_database_is_replaced_by_force_alone(
    new_database: Callable[[], str], tmp_path: Path, backup: Path
) -> None:
    config = settings(tmp_path / "second", new_database())
    async with await Store.open(config.database) as store:
        for _ in range(9):
            await a_tune(store)
    before = await everything(str(config.database))
    with pytest.raises(BadRequest, match=r"postgresql.* is not empty: --force replaces"):
        await restored(backup, config)
    assert await everything(str(config.database)) == before
    await restored(backup, config, force=True)
    there = await everything(str(settings(tmp_path / "first").database))
    assert {k: len(v) for k, v in (await everything(str(config.database))).items()} == {
        name: len(rows) for name, rows in there.items()
    }


async def test_a_database_in_use_is_not_replaced_even_by_force(
    make_settings: Callable[[str], Config], tmp_path: Path, backup: Path
) -> None:
    config = make_settings("second")
    async with await Store.open(config.database) as store:
        tune = await a_tune(store)
        with pytest.raises(StoreInUse, match=r"in use.*: stop"):
            await restored(backup, config, force=True)
        assert await store.tunes.load(tune.id) == tune
    await restored(backup, config, force=True)


async def test_a_log_that_a_killed_bot_left_is_not_taken_for_the_new_one_s(tmp_path: Path, backup: Path) -> None:
    config, crashed = settings(tmp_path / "second"), settings(tmp_path / "crashed")
    crashed.data_dir.mkdir()
    async with await Store.open(config.database) as store:
        for _ in range(30):
            tune = await a_tune(store)
        for path in config.data_dir.glob("tunesmith.db*"):
            shutil.copy(path, crashed.data_dir)  # as they stand on the disk while the bot is at work
    assert (crashed.data_dir / "tunesmith.db-wal").stat().st_size > 0
    done = await restored(backup, crashed, force=True)
    assert query(crashed.data_dir / "tunesmith.db", "PRAGMA integrity_check") == [("ok",)]
    held, wanted = await everything(str(crashed.database)), await everything(str(settings(tmp_path / "first").database))
    assert without_paths(held) == without_paths(wanted)
    assert done.kept
    async with await Store.open(done.kept) as store:
        assert await store.tunes.load(tune.id) == tune, "nothing of the killed bot's is lost"


async def test_a_damaged_database_is_replaced_by_force(tmp_path: Path, backup: Path) -> None:
    config = settings(tmp_path / "second")
    config.data_dir.mkdir()
    (config.data_dir / "tunesmith.db").write_bytes(b"lost to the disk " * 1000)
    (config.data_dir / "tunesmith.db-wal").write_bytes(b"lost too " * 1000)
    await restored(backup, config, force=True)
    assert query(config.data_dir / "tunesmith.db", "PRAGMA integrity_check") == [("ok",)]


async def test_an_older_backup_is_brought_up_to_date(make_settings: Callable[[str], Config], tmp_path: Path) -> None:
    first, second = settings(tmp_path / "first"), make_settings("second")
    path = first.data_dir / "tunesmith.db"
    await migrate(path, release_of(tmp_path, "0001"))
    with closing(sqlite3.connect(path)) as database:
        database.executescript(FIRST_ROWS)
    assert (await back_up(first, tmp_path / "backup.zip")).revision == "0001"
    await restored(tmp_path / "backup.zip", second)
    async with await Store.open(second.database) as store:
        tune = await store.tunes.load(1, viewer=1)
        assert tune
        assert (tune.title, tune.votes.mine) == ("The Long Lane", 1)


async def test_an_upgrade_is_undone_by_the_backup_and_by_the_copy_that_it_left(tmp_path: Path) -> None:
    config = settings(tmp_path / "data")
    path = config.data_dir / "tunesmith.db"
    async with await Store.open(path) as store:
        tune = await a_tune(store)
    await back_up(config, tmp_path / "backup.zip")
    for file in (tmp_path / "backup.zip", config.data_dir / "tunesmith.db.before-9999"):
        await migrate(path, next_release(tmp_path))
        shutil.rmtree(tmp_path / "migrations")
        with pytest.raises(StoreError, match="newer release"):
            await Store.open(path)
        await restored(file, config, force=True)
        async with await Store.open(path) as store:
            assert await store.tunes.load(tune.id) == tune


async def test_a_newer_one_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    first = settings(tmp_path / "first")
    await migrate(first.data_dir / "tunesmith.db", next_release(tmp_path))
    await back_up(first, tmp_path / "backup.zip")
    for file in (tmp_path / "backup.zip", first.data_dir / "tunesmith.db"):
        with pytest.raises(BackupError, match=r"from a newer release .*9999.*: install that one"), opened(file):
            pass


async def test_another_program_s_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bookmarks.db")) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
    with (
        pytest.raises(StoreError, match=r"bookmarks\.db belongs to another program"),
        opened(tmp_path / "bookmarks.db"),
    ):
        pass


async def test_a_checkpoint_of_the_same_name_that_is_there_already_stays(tmp_path: Path, backup: Path) -> None:
    config = settings(tmp_path / "second")
    config.candidates.mkdir(parents=True)
    there = config.candidates / "retraining-1.safetensors"
    there.write_bytes(b"what another history has learned")
    await restored(backup, config, force=True)
    assert there.read_bytes() == b"what another history has learned"
    async with await Store.open(config.database) as store:
        (learned,) = [
            each for each in await store.versions.load_all() if each.sha256 == hashlib.sha256(LEARNED).hexdigest()
        ]
    assert learned.path != str(there)
    assert Path(learned.path).read_bytes() == LEARNED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_what_root_restores_belongs_to_whoever_has_the_data_directory(tmp_path: Path, backup: Path) -> None:
    config = settings(tmp_path / "second")
    config.data_dir.mkdir()
    os.chown(config.data_dir, 12345, 12346)
    await restored(backup, config)
    for path in (config.data_dir, *config.data_dir.rglob("*")):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346), path


@pytest.mark.parametrize("name", ["config.restored.toml", "config.restored.toml.part", "restoring"])
async def test_links_that_the_bot_s_user_left_lead_root_nowhere(tmp_path: Path, backup: Path, name: str) -> None:
    config = settings(tmp_path / "data")
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    config.data_dir.mkdir()
    (config.data_dir / name).symlink_to(precious if name == "restoring" else precious / "file")
    refused = pytest.raises(BackupError, match="is a link") if name == "restoring" else nullcontext()
    with refused:
        await restored(backup, config, force=True)
    assert [(path.name, path.read_text()) for path in precious.iterdir()] == [("file", "mine")]
