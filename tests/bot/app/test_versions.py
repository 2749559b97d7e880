"""Registered checkpoints: which number each has, and which is in use after a start."""

import hashlib
import shutil
from pathlib import Path

import pytest

from bot.app.versions import register
from bot.core.retraining import Options
from bot.core.values import Place
from bot.store import Store

ANN = Place("web", "local", "ann", "Ann")


async def test_a_checkpoint_of_ones_own_gets_a_number_that_it_keeps(tmp_path: Path) -> None:
    shipped, mine, copy = (tmp_path / f"{name}.safetensors" for name in ("trad", "mine", "copy"))
    shipped.write_bytes(b"shipped")
    mine.write_bytes(b"mine")
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        assert await register(store, None, shipped=shipped) == 1
        assert await register(store, mine, shipped=shipped) == 2
        shutil.move(mine, copy)
        assert await register(store, copy, shipped=shipped) == 2
        assert (await store.versions.load_all())[1].path == str(copy), "where it is now"
        assert [
            await register(store, copy, shipped=shipped),
            await register(store, shipped, shipped=shipped),
            await register(store, None, shipped=shipped),
        ] == [2, 1, 1]
        mine.write_bytes(b"mine, trained further")
        assert await register(store, mine, shipped=shipped) == 3
        assert [(version.number, version.name) for version in await store.versions.load_all()] == [
            (1, "trad"),
            (2, "mine"),
            (3, "mine"),
        ]


async def test_what_is_in_use_is_what_was_chosen_last_or_what_is_newly_configured(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped, mine, other = (tmp_path / f"{name}.safetensors" for name in ("trad", "mine", "other"))
    for path in (shipped, mine, other):
        path.write_bytes(path.name.encode())
    async with await Store.open(tmp_path / "tunesmith.db") as store:

        async def current(checkpoint: Path | None) -> int | None:
            await register(store, checkpoint, shipped=shipped)
            return await store.versions.current()

        assert await current(None) == 1  # as in a database older than choices
        assert await current(mine) == 2
        assert await current(None) == 1, "it is configured no longer"
        assert await current(other) == 3
        await store.versions.choose(1)
        assert await current(other) == 1, "a rollback outlives a restart"
        assert "version 1 is in use, as was chosen" in caplog.text
        learned = await store.retrainings.begin(ANN, Options(1), 1, "me")
        await store.retrainings.promote(learned.id, "me", "x", "", candidate="/4", sha256="4" * 64)
        assert [await current(other), await current(None), await current(mine)] == [4, 4, 4]


async def test_a_configured_checkpoint_is_in_use_in_an_older_database(tmp_path: Path) -> None:
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"mine")
    absent = mine.with_name("absent")
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        known = await store.versions.add(str(mine), hashlib.sha256(b"mine").hexdigest(), "mine", 2)
        assert (await register(store, mine, shipped=absent), await store.versions.current()) == (
            known.number,
            known.number,
        )


async def test_a_checkpoint_of_ones_own_is_never_version_1(tmp_path: Path) -> None:
    absent = tmp_path / "absent.safetensors"
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"mine")
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        assert await register(store, mine, shipped=absent) == 2
