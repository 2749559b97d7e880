"""Backups are consistent while bots write, hold all that is needed and no secret, and replace an older file at once."""
# ruff: noqa: ASYNC240 (nothing else runs on a test's loop)

import asyncio
import fcntl
import hashlib
import shutil
import sqlite3
import tomllib
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.backup.archive import DATABASE, Reader
from bot.backup.backup import back_up
from bot.core.config import Config
from bot.core.errors import BackupError, BadRequest, StoreError
from bot.core.sections import Discord, Log, Web, Workers
from bot.store import Store
from bot.store.migrate import migrate
from tests.bot.backup.conftest import LEARNED, MINE, fill, settings
from tests.bot.store.samples import a_member, a_prompt, new_tunes
from tests.bot.store.test_copy import everything
from tests.bot.store.test_migrate import next_release
from tests.engines import postgres


def unpacked(backup: Path) -> Path:
    """The database that a backup holds."""
    folder = backup.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(backup, folder, "zip")
    return folder / DATABASE


async def test_it_holds_every_row_and_every_learned_checkpoint(
    make_settings: Callable[[str], Config], tmp_path: Path
) -> None:
    config = make_settings("data")
    await fill(config, tmp_path)
    manifest = await back_up(config, tmp_path / "backup.zip")
    there, held = (
        await everything(str(config.database)),
        await everything(f"sqlite:///{unpacked(tmp_path / 'backup.zip')}"),
    )
    assert {name: len(rows) for name, rows in held.items()} == manifest.rows == {k: len(v) for k, v in there.items()}
    assert there["votes"] != []
    held_files = {name: (tmp_path / "backup" / name).read_bytes() for name in manifest.checkpoints}
    assert held_files == {"checkpoints/retraining-1.safetensors": LEARNED, "checkpoints/mine.safetensors": MINE}
    assert sorted(path.name for path in tmp_path.glob(".*")) == [], "nothing is left beside it"


async def test_it_is_one_moment_of_a_database_that_is_being_written(
    make_settings: Callable[[str], Config], tmp_path: Path
) -> None:
    config = make_settings("data")
    async with await Store.open(config.database) as store:
        ids, stopped, finished = await a_member(store), asyncio.Event(), []

        async def work() -> None:
            while not stopped.is_set():
                prompt = await a_prompt(store, ids)
                (tune,) = await store.prompts.finish(prompt.id, new_tunes())
                await store.votes.cast(tune.id, ids[0], 1)
                finished.append(tune.id)

        working = [asyncio.create_task(work()) for _ in range(4)]
        for number in range(3):
            until = len(finished) + 20
            while len(finished) < until:  # noqa: ASYNC110 (what is waited for is a count)
                await asyncio.sleep(0)
            before = set(finished)
            await back_up(config, tmp_path / f"{number}.zip")
            with closing(sqlite3.connect(unpacked(tmp_path / f"{number}.zip"))) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert database.execute("PRAGMA foreign_key_check").fetchall() == []
                held = {row[0] for row in database.execute("SELECT id FROM tunes")}
                assert before <= held, "whatever was stored before is in it"
                done = {row[0] for row in database.execute("SELECT prompt_id FROM tunes")}
                assert done == {row[0] for row in database.execute("SELECT id FROM prompts WHERE state = 'done'")}
                (votes,) = database.execute("SELECT count(*) FROM votes").fetchone()
                assert (votes,) == database.execute("SELECT sum(up) FROM tunes").fetchone()
        stopped.set()
        await asyncio.gather(*working)


async def test_no_secret_is_in_it_and_the_settings_can_be_read_again(tmp_path: Path) -> None:
    config = settings(
        tmp_path / "data",
        web=Web(port=9999),
        log=Log(level="info"),
        discord=Discord(shards=2, shard_ids=(1,)),
        workers=Workers(broker=SecretStr("redis://:hunter2@127.0.0.1/0"), name="gpu"),
        discord_token=SecretStr("hunter2-token"),
    )
    await migrate(config.database)
    await back_up(config, tmp_path / "backup.zip")
    unpacked(tmp_path / "backup.zip")
    for path in (tmp_path / "backup").rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes()
    held = tomllib.loads((tmp_path / "backup" / "config.toml").read_text())
    assert held == {
        "data_dir": str(tmp_path / "data"),
        "web": {"port": 9999},
        "workers": {"name": "gpu"},
        "discord": {"shards": 2, "shard_ids": [1]},
        "log": {"level": "info"},
    }
    assert Config(**held).web.port == 9999


async def test_an_older_release_s_database_is_kept_as_it_is(tmp_path: Path) -> None:
    config = settings(tmp_path / "data")
    await migrate(config.data_dir / DATABASE, next_release(tmp_path))
    assert (await back_up(config, tmp_path / "backup.zip")).revision == "9999"


async def test_postgresql_of_another_release_is_refused(new_database: Callable[[], str], tmp_path: Path) -> None:
    config = settings(tmp_path / "data", new_database())
    await migrate(config.database)
    url = str(config.database)
    await postgres.run(url, "UPDATE alembic_version SET version_num = '0008'")
    with pytest.raises(StoreError, match="of an older release: back up with that one"):
        await back_up(config, tmp_path / "backup.zip")
    await postgres.run(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer release"):
        await back_up(config, tmp_path / "backup.zip")
    assert list(tmp_path.iterdir()) == []


async def test_what_cannot_be_backed_up_is_one_line_and_leaves_the_older_file(tmp_path: Path) -> None:
    config, backup = settings(tmp_path / "data"), tmp_path / "backup.zip"
    backup.write_text("the older one")
    with pytest.raises(StoreError, match="there is no database"):
        await back_up(config, backup)
    await migrate(config.data_dir / DATABASE)
    with pytest.raises(BadRequest, match="is a folder"):
        await back_up(config, tmp_path)
    with pytest.raises(BadRequest, match="No such file or directory"):
        await back_up(config, tmp_path / "absent" / "backup.zip")
    whole = (config.data_dir / DATABASE).read_bytes()
    (config.data_dir / DATABASE).write_bytes(whole[:20000] + bytes(8000) + whole[28000:])
    with pytest.raises(StoreError, match=r"data/tunesmith.db .*(malformed|damaged)") as refusal:
        await back_up(config, backup)
    assert "\n" not in str(refusal.value)
    assert backup.read_text() == "the older one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "data"]


async def test_a_checkpoint_that_is_gone_is_told_and_the_rest_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = settings(tmp_path / "data")
    await fill(config, tmp_path)
    (tmp_path / "mine.safetensors").write_bytes(b"other weights")
    manifest = await back_up(config, tmp_path / "backup.zip")
    assert list(manifest.checkpoints) == ["checkpoints/retraining-1.safetensors"]
    assert "mine.safetensors is missing or was changed" in caplog.text


async def test_two_backups_to_one_file_do_not_mix(tmp_path: Path) -> None:
    config = settings(tmp_path / "data")
    await migrate(config.data_dir / DATABASE)
    folder = tmp_path / ".backup.zip.part"
    folder.mkdir()
    (folder / "left by a crash").touch()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="another process is backing up"):
            await back_up(config, tmp_path / "backup.zip")
    await back_up(config, tmp_path / "backup.zip")
    assert not folder.exists()
    Reader.open(tmp_path / "backup.zip")


async def test_two_checkpoints_of_one_name_are_both_kept(tmp_path: Path) -> None:
    config = settings(tmp_path / "data")
    async with await Store.open(config.database) as store:
        for number in (2, 3):
            path = tmp_path / str(number) / "mine.safetensors"
            path.parent.mkdir()
            path.write_bytes(str(number).encode())
            await store.versions.add(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), "mine")
    await back_up(config, tmp_path / "backup.zip")
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        held = {archive.read(name) for name in archive.namelist() if name.startswith("checkpoints/")}
    assert held == {b"2", b"3"}
