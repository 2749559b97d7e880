"""The processes that compose and train, beside the bot or on other machines. The bot itself never imports torch."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bot.workers.health import Health
from bot.workers.training_job import TrainingJob
from model.retraining.protocol import Step
from model.worker.protocol import Event, Job


class Workers(Protocol):
    """What composes for the bot: one process beside it, or any number on other machines."""

    @property
    def restarts(self) -> int:
        """Workers that were started, or took over, in place of another."""
        ...

    @property
    def outage(self) -> str:
        """A line for members who wait while nothing can be composed; empty otherwise."""
        ...

    def workers(self) -> list[Health]:
        """What is known of each of them, the latest sign of life first."""
        ...

    async def compose(self, job: Job) -> Event:
        """The outcome of `job`, `done` or `failed`. WorkerError when no worker could give one in time."""
        ...


class Trains(Protocol):
    """What makes candidates for the bot: a process beside it, or a worker on another machine."""

    async def finetune(self, job: TrainingJob, on_step: Callable[[Step], None]) -> None:
        """Make a candidate and its report, where `job` has them; `on_step` is called with each step.

        BadRequest for input that the trainer refuses, TrainerError for its failures, each with its own last line.
        """
        ...

    async def prove(self, candidate: Path) -> None:
        """Compose a tune with a candidate, an absolute path.

        TrainerError where it cannot be used, as when its weights are no numbers.
        """
        ...
