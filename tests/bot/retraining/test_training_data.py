"""The votes that a retraining learns from: enough of them, by others, on tunes that exist."""

import asyncio
import gc
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.core.errors import BadRequest
from bot.core.retraining import RetrainingStatus
from bot.core.values import Place
from tests.bot.retraining.retrainers import ANN, BOSS, running_retrainer, tunes, vote


async def test_votes_on_deleted_tunes_and_on_own_ones_do_not_count(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", votes=False) as running:
        kept, deleted, own = await vote(running.store)
        ann, _ = await running.store.members.register(ANN)
        await running.store.votes.cast(own, ann, -1)
        await running.store.tunes.delete(deleted)
        with pytest.raises(BadRequest, match="there are 4 votes"):
            await running.retrainer.start(ANN)
        await running.retrain(minimum_votes=4)
        (given,) = running.trainer_inputs()
        assert [(example["id"], example["weight"]) for example in given["examples"]] == [(kept, 2.0), (own, 2.0)]


async def test_a_tune_that_is_deleted_meanwhile_is_not_learned_from(tmp_path: Path) -> None:
    once = tmp_path / "once"
    async with running_retrainer(tmp_path / "data", "--do", "hang", "--once", str(once)) as running:
        await running.retrainer.start(ANN)
        await running.reached("tuning")
        await running.store.tunes.delete(1)
    async with running_retrainer(tmp_path / "data") as running:  # began again: four votes are left
        last = await running.ended(1)
        assert (last.status, last.error) == (
            RetrainingStatus.FAILED,
            "only 4 votes are left to learn from, of 6 needed",
        )


async def test_a_member_with_ten_thousand_votes_blocks_nobody(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", votes=False) as running:
        made = await tunes(running.store, 10_000)
        member, _ = await running.store.members.register(Place("discord", "77", "2000", "Keen"))
        rows = [(tune, member) for tune in made]
        await fill_votes(running.data / "tunesmith.db", rows)
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            while True:
                began = time.thread_time()  # the loop's own: what else the machine does is none of the bot's business
                await asyncio.sleep(0.01)
                longest = max(longest, time.thread_time() - began)

        gc.freeze()  # or the collector walks through all that the tests before have left
        watching = asyncio.create_task(watch())
        done = await running.retrain(minimum_votes=10_000)
        watching.cancel()
        gc.unfreeze()
        assert (done.status, done.votes) == (RetrainingStatus.PROMOTED, 10_000)
        assert len(running.trainer_inputs()[0]["examples"]) == done.tunes > 0
        assert longest < 0.5, "the bot goes on answering meanwhile"


async def fill_votes(path: Path, rows: Sequence[tuple[int, int]]) -> None:
    """Written by SQL alone: through the store ten thousand would take half a minute."""

    def fill() -> None:
        with sqlite3.connect(path) as database:
            day = "2026-11-01 10:00:00.000000"
            database.executemany(f"INSERT INTO votes VALUES (?, ?, 1, '{day}', '{day}')", rows)
        database.close()

    await asyncio.to_thread(fill)


async def test_votes_of_a_platform_that_does_not_train_are_left_out(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", voters=("discord",)) as running:
        (made,) = await tunes(running.store, 1, BOSS)
        ann, _ = await running.store.members.register(ANN)
        await running.store.votes.cast(made, ann, 1)
        await running.retrain()
        assert made not in [example["id"] for example in running.trainer_inputs()[0]["examples"]]


async def test_a_lone_members_votes_on_own_tunes_count(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", votes=False, lone=True) as running:
        for tune in await tunes(running.store, 3, BOSS):
            await running.store.votes.cast(tune, (await running.store.members.register(BOSS))[0], 1)
        await running.retrain(minimum_votes=3)
        (given,) = running.trainer_inputs()
        assert [example["weight"] for example in given["examples"]] == [1.0, 1.0, 1.0]
        ann, _ = await running.store.members.register(ANN)
        await running.store.votes.cast(1, ann, 1)
        with pytest.raises(BadRequest, match=r"one vote to learn from.*own tunes do not count"):
            await running.retrainer.start(ANN, minimum_votes=2)


async def test_liked_and_disliked_tunes_are_counted_before_anything_begins(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data", fewest=8) as running:
        with pytest.raises(BadRequest, match=r"liked tunes? and 0 disliked .* at least 8 of each"):
            await running.retrainer.start(ANN, minimum_votes=1)
        assert (await running.retrainer.needs()).missing
