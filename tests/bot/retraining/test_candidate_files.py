# ruff: noqa: ASYNC240 (files of other processes)
"""The files of retrainings: old ones are pruned, and moved ones are found."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import NotFound
from bot.core.files import sha256_of
from bot.core.retraining import RetrainingStatus
from bot.retraining.candidate_files import CandidateFiles
from bot.store import Store
from tests.bot.retraining.retrainers import ANN, BOSS, running_retrainer


async def test_old_versions_are_pruned_but_not_version_1_the_one_in_use_or_a_users_own(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", keep=2) as running:
        own = running.data / "mine.safetensors"
        own.write_bytes(b"mine")
        await running.store.versions.add(str(own), hashlib.sha256(b"mine").hexdigest(), "mine", 2)
        await running.retrain()  # version 3
        third = (await running.store.versions.load_all())[-1]
        await running.store.checkpoints.save(third.sha256, b"as where several bots share it")
        for _ in range(3):
            await running.retrainer.rollback(BOSS, 1)
            await running.retrain()  # versions 4 to 6, of which each is in use in its turn
        pruned = [each.version.number for each in await running.retrainer.versions() if each.version.pruned_at]
        assert pruned == [4, 3]
        assert await running.store.checkpoints.load(third.sha256) is None
        assert own.exists()
        assert [name for name in running.files() if name.endswith(".safetensors")] == [
            "retraining-3.safetensors",
            "retraining-4.safetensors",
        ]
        with pytest.raises(NotFound, match="version 3 was pruned, so its file is gone: there are 1, 2, 5, 6"):
            await running.retrainer.rollback(BOSS, 3)
        await running.retrainer.rollback(BOSS, 5)
        for _ in range(3):
            await running.retrainer.rollback(BOSS, 1)
            updates = running.retrainer.subscribe()
            begun = await running.retrainer.start(ANN)
            await running.retrainer.rollback(BOSS, 5)
            await running.retrainer.finished(begun.id, updates)
        numbers = [each.version.number for each in await running.retrainer.versions() if not each.version.pruned_at]
        assert numbers == [9, 8, 5, 2, 1], "the one in use stays, however old it is"


async def test_the_last_refused_candidates_are_kept(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "refuse", keep=2) as running:
        for _ in range(4):
            await running.retrain()
        kept = [name for name in running.files() if name.endswith(".safetensors")]
        assert kept == ["retraining-3.safetensors", "retraining-4.safetensors"]
        assert all(each.report for each in await running.store.retrainings.latest(10)), "reports stay for ever"


async def test_versions_are_found_where_the_data_directory_was_moved_to(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED
        _, before = await running.store.versions.load_all()
    (tmp_path / "data").rename(tmp_path / "moved")
    async with await Store.open(tmp_path / "moved" / "tunesmith.db") as store:
        await CandidateFiles(tmp_path / "moved" / "checkpoints").find_moved(store)
        _, version = await store.versions.load_all()
        assert sha256_of(Path(version.path)) == version.sha256
        assert replace(version, path=before.path) == before
        assert await store.versions.current() == 2
        Path(version.path).write_bytes(b"damaged")
        await CandidateFiles(tmp_path / "elsewhere").find_moved(store)
        assert (await store.versions.load_all())[1] == version
