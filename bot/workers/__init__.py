"""Start, feed and restart the processes that compose. The bot itself never imports torch."""

from typing import Protocol

from bot.workers.health import Health
from model.jobs import Event, Job


class Workers(Protocol):
    """What composes for the bot: one process beside it, or any number on other machines."""

    @property
    def restarts(self) -> int:
        """Workers that were started, or took over, in place of another."""
        ...

    @property
    def trouble(self) -> str:
        """A line for whoever waits while nothing can be composed; empty while all is well."""
        ...

    def workers(self) -> list[Health]:
        """What is known of each of them, whoever was heard of last first."""
        ...

    async def compose(self, job: Job) -> Event:
        """The outcome of `job`, `done` or `failed`. WorkerError when no worker could give one in time."""
        ...
