"""Execution of one prompt: what its server's admins have blocked is composed anew with another seed."""

from pathlib import Path

import pytest

from bot.composing.execution import ATTEMPTS, PromptExecutor
from bot.core.errors import BadRequest
from bot.core.metrics import Metrics
from bot.core.values import StoredPrompt
from model.prompt import LARGEST_SEED
from model.worker.protocol import Event, Job
from tests.bot.running_bot import ANN, new_prompt, running_bot

BLOCKED = "X:1\nT:Blocked\nR:reel\nM:C|\nL:1/8\nK:D\n|:" + "DEFG ABAF|" * 8 + ":|\n"
OTHER = "X:1\nT:Other\nR:reel\nM:C|\nL:1/8\nK:D\n|:" + "d2fa g2ec|Adfd cAGE|" * 4 + ":|\n"


class Worker:
    """Composes the blocked tune for the first jobs, and then another."""

    def __init__(self, blocked: int) -> None:
        self.blocked = blocked
        self.jobs: list[Job] = []

    async def compose(self, job: Job) -> Event:
        self.jobs.append(job)
        abc = BLOCKED if len(self.jobs) <= self.blocked else OTHER
        return Event(job.id, "done", title="A Title", abc=abc)


async def compose(tmp_path: Path, worker: Worker, seed: int) -> list[int]:
    """The seeds of the tunes of a prompt on a server that has blocked a tune."""
    async with running_bot(tmp_path / "tunesmith.db") as bot:
        (tune,) = (await bot.finished(new_prompt())).tunes
        await bot.store.blocked.add_tune(tune)
        stored = await bot.store.prompts.load((await bot.composer.compose(ANN, new_prompt(seed=seed))).prompt.id)
        assert isinstance(stored, StoredPrompt)
        executor = PromptExecutor(bot.store, worker, bot.renderer, Metrics(), 30.0, 1)  # type: ignore[arg-type]
        return [each.seed for each in await executor.compose(stored)]


@pytest.mark.parametrize("seed", [7, LARGEST_SEED])
async def test_a_blocked_tune_is_composed_anew_with_another_seed(tmp_path: Path, seed: int) -> None:
    worker = Worker(blocked=2)
    (found,) = await compose(tmp_path, worker, seed)
    seeds = [job.prompt.seed for job in worker.jobs]
    assert (seeds[0], seeds[-1], len(set(seeds))) == (seed, found, 3)
    assert all(0 <= each <= LARGEST_SEED for each in seeds)
    assert len({job.id for job in worker.jobs}) == 3


async def test_after_some_attempts_the_member_is_told(tmp_path: Path) -> None:
    worker = Worker(blocked=100)
    with pytest.raises(BadRequest, match="admins have blocked"):
        await compose(tmp_path, worker, 7)
    assert len(worker.jobs) == ATTEMPTS
