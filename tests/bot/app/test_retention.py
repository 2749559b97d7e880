"""What was deleted long enough ago is erased, by a bot that runs, also from its files."""
# ruff: noqa: ASYNC240 (nothing else runs on a test's loop)

import asyncio
import os
import time
from pathlib import Path

from bot.app.retention import Retention
from bot.core.config import Config
from bot.core.sections import Privacy
from bot.store import Store
from tests.bot.store.samples import a_tune


async def test_a_tune_is_kept_for_a_while_and_then_leaves_no_trace(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        tune = await a_tune(store)
        await store.tunes.delete(tune.id)
        assert await Retention(Config(data_dir=tmp_path), store).erase() == 0
        assert tune.title.encode() in b"".join(path.read_bytes() for path in tmp_path.iterdir())
        at_once = Config(data_dir=tmp_path, privacy=Privacy(keep=0))
        async with Retention(at_once, store), asyncio.timeout(120):
            while any((await store.member_data.counts(tune.member_id)).values()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await store.erasure.compact()  # the task that was to do it may have been stopped first
        assert tune.title.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


async def test_copies_that_migrations_and_restores_left_go_after_as_long(tmp_path: Path) -> None:
    old, new = tmp_path / "tunesmith.db.before-0009", tmp_path / "tunesmith.db.before-restore"
    for path, days in ((old, 31), (new, 29)):
        path.touch()
        os.utime(path, (time.time(), time.time() - days * 86400))
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        await Retention(Config(data_dir=tmp_path), store).erase()
    assert (old.exists(), new.exists()) == (False, True)
