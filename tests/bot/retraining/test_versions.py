# ruff: noqa: ASYNC240 (what is waited for happens in other processes, or on their disk)
"""Versions that were learned: chosen, rolled back, pruned, and told with their votes."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import BadRequest, NotFound
from bot.core.files import sha256_of
from bot.core.retraining import RetrainingStatus
from bot.retraining import wording
from bot.retraining.candidate_files import CandidateFiles
from bot.store import Store
from tests.bot.retraining.retrainers import ANN, BOSS, VOTES, running_retrainer


async def test_a_rollback_is_a_choice_and_is_in_the_audit(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        assert (await running.retrainer.rollback(BOSS, 1)).number == 1
        assert await running.store.versions.current() == 1
        with pytest.raises(BadRequest, match="version 1 is in use already"):
            await running.retrainer.rollback(BOSS, 1)
        with pytest.raises(NotFound, match="there is no version 9: there are 1, 2"):
            await running.retrainer.rollback(BOSS, 9)
        await running.retrainer.rollback(BOSS, 2)
        assert await running.store.versions.current() == 2
        records = await running.store.audit.latest(BOSS)
        assert [(record.action, record.detail) for record in records] == [
            ("rollback", "to version 2"),
            ("rollback", "to version 1"),
        ]


@pytest.mark.parametrize("damage", ["gone", "changed"])
async def test_a_version_whose_file_is_no_good_is_not_chosen(tmp_path: Path, damage: str) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        done = await running.retrain()
        await running.retrainer.rollback(BOSS, 1)
        path = Path(done.candidate)
        path.unlink() if damage == "gone" else path.write_bytes(b"other")
        with pytest.raises(NotFound, match="missing or damaged: nothing has changed"):
            await running.retrainer.rollback(BOSS, 2)
        assert await running.store.versions.current() == 1


async def test_a_choice_made_while_it_learned_is_not_overruled(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(ANN)
        await running.retrainer.rollback(BOSS, 1)
        done = await running.retrainer.finished(begun.id, updates)
        assert (done.status, done.version, done.chosen) == (RetrainingStatus.PROMOTED, 3, False)
        assert "/model rollback version:3" in wording.line(done)
        assert await running.store.versions.current() == 1


async def test_old_versions_are_pruned_but_never_the_base_the_one_in_use_or_a_users_own(tmp_path: Path) -> None:
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


async def test_refused_candidates_are_kept_but_not_without_end(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "refuse", keep=2) as running:
        for _ in range(4):
            await running.retrain()
        kept = [name for name in running.files() if name.endswith(".safetensors")]
        assert kept == ["retraining-3.safetensors", "retraining-4.safetensors"]
        assert all(each.report for each in await running.store.retrainings.latest(10)), "reports stay for ever"


async def test_versions_show_their_votes_and_where_they_come_from(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        newest, oldest = await running.retrainer.versions()
        assert (newest.current, newest.share, newest.retraining and newest.retraining.votes) == (True, None, VOTES)
        assert (oldest.current, oldest.up, oldest.down, oldest.share) == (False, VOTES, 0, 1.0)


async def test_the_status_says_what_is_in_use_and_what_came_of_the_last(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "refuse") as running:
        before = await running.retrainer.status()
        assert (before.current.number, before.opened, before.last, before.votes) == (1, None, None, VOTES)
        done = await running.retrain()
        assert (await running.retrainer.status()).last == done


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
