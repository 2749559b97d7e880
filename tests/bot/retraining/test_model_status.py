"""What admins look at."""

from dataclasses import replace
from pathlib import Path

from tests.bot.retraining.retrainers import GPU, VOTES, running_retrainer


async def test_versions_show_their_votes_and_where_they_come_from(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        await running.retrain()
        newest, oldest = await running.retrainer.versions()
        assert (newest.current, newest.share, newest.retraining and newest.retraining.votes) == (True, None, VOTES)
        assert (oldest.current, oldest.up, oldest.down, oldest.share) == (False, VOTES, 0, 1.0)


async def test_the_status_has_the_version_in_use_and_the_last_retraining(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", "--do", "refuse") as running:
        before = await running.retrainer.status()
        assert (before.current.number, before.opened, before.last, before.votes) == (1, None, None, VOTES)
        done = await running.retrain()
        assert (await running.retrainer.status()).last == done


async def test_workers_have_the_versions_whose_files_they_hold(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        (worker,) = (await running.retrainer.status()).workers
        assert (worker, worker.versions) == (replace(GPU, versions=(1,)), (1,))
