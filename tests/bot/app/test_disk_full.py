"""A disk that is full while a version is learned: one clear line, and what is in use stays."""

import os
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import StoreError
from bot.core.retraining import RetrainingStatus
from bot.retraining import training_data
from tests.bot.retraining.retrainers import ANN, running_retrainer, statuses


async def test_votes_that_cannot_be_written_are_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_retrainer(tmp_path / "data") as running:

        def full(*_: object) -> None:
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(training_data, "_append", full)
        done = await running.retrain()
        assert done.status is RetrainingStatus.FAILED
        assert done.error.endswith("retraining-1.votes.jsonl: No space left on device")
        assert running.files() == []
        monkeypatch.undo()
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED


async def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    async with running_retrainer(tmp_path / "data") as running:
        (tmp_path / "data" / "checkpoints").write_text("a file")
        assert "cannot make the folder" in (await running.retrain()).error
        assert await running.store.versions.current() == 1


async def test_an_end_that_cannot_be_stored_is_stored_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []
    async with running_retrainer(tmp_path / "data", retry_pauses=(0.05, 0.05)) as running:
        promote = running.store.retrainings.promote

        async def full_at_first(*args: Any, **found: Any) -> Any:
            tries.append(args)
            if len(tries) < 3:
                raise StoreError("cannot use the database (database or disk is full)")
            return await promote(*args, **found)

        monkeypatch.setattr(running.store.retrainings, "promote", full_at_first)
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED
        assert len(tries) == 3


async def test_an_end_that_can_never_be_stored_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    async def full(*_: Any, **__: Any) -> Any:
        raise StoreError("cannot use the database (database or disk is full)")

    async with running_retrainer(tmp_path / "data", retry_pauses=()) as running:
        monkeypatch.setattr(running.store.retrainings, "promote", full)
        monkeypatch.setattr(running.store.retrainings, "end", full)
        await running.retrainer.start(ANN)
        while running.retrainer.runs_here(1):
            await running.retrainer.status()
        assert await running.store.versions.current() == 1
        assert "retraining-1.safetensors" in running.files(), "nobody knows that it may go"
    async with running_retrainer(tmp_path / "data", lease=0.5) as running:  # it begins again
        updates = running.retrainer.subscribe()
        assert (await running.retrainer.finished(1, updates)).status is RetrainingStatus.PROMOTED
        assert await statuses(running.store) == [RetrainingStatus.PROMOTED]
