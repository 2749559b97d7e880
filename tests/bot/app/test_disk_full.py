"""A disk that is full while a version is learned: one clear line, and what is in use stays."""

import os
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import StoreError
from bot.core.retraining import RetrainingStatus
from bot.retraining import run, training_data
from bot.store.learning import Learning
from tests.bot.retraining.retrainers import ANN, school, stands


async def test_votes_that_cannot_be_written_are_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with school(tmp_path / "data") as taught:

        def full(*_: object) -> None:
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(training_data, "_append", full)
        done = await taught.retrained()
        assert done.status is RetrainingStatus.FAILED
        assert done.error.endswith("retraining-1.votes.jsonl: No space left on device")
        assert taught.files() == []
        monkeypatch.undo()
        assert (await taught.retrained()).status is RetrainingStatus.PROMOTED


async def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    async with school(tmp_path / "data") as taught:
        (tmp_path / "data" / "checkpoints").write_text("a file")
        assert "cannot make the folder" in (await taught.retrained()).error
        assert await taught.store.current_version() == 1


async def test_an_end_that_cannot_be_stored_is_stored_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_AGAIN", (0.05, 0.05))
    tries = []
    promote = Learning.promote

    async def full_at_first(self: Learning, *args: Any, **found: Any) -> Any:
        tries.append(args)
        if len(tries) < 3:
            raise StoreError("cannot use the database (database or disk is full)")
        return await promote(self, *args, **found)

    monkeypatch.setattr(Learning, "promote", full_at_first)
    async with school(tmp_path / "data") as taught:
        assert (await taught.retrained()).status is RetrainingStatus.PROMOTED
        assert len(tries) == 3


async def test_an_end_that_can_never_be_stored_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_AGAIN", ())

    async def full(*_: Any, **__: Any) -> Any:
        raise StoreError("cannot use the database (database or disk is full)")

    with monkeypatch.context() as patch:
        patch.setattr(Learning, "promote", full)
        patch.setattr(Learning, "end", full)
        async with school(tmp_path / "data") as taught:
            await taught.retrainer.start(ANN)
            while taught.retrainer.here(1):
                await taught.retrainer.status()
            assert await taught.store.current_version() == 1
            assert "retraining-1.safetensors" in taught.files(), "nobody knows that it may go"
    async with school(tmp_path / "data", lease=0.5) as taught:  # it begins again
        changes = taught.retrainer.changes()
        assert (await taught.retrainer.finished(1, changes)).status is RetrainingStatus.PROMOTED
        assert await stands(taught.store) == [RetrainingStatus.PROMOTED]
