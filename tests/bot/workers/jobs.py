"""Jobs for stand-in workers, their outcomes, and timings that keep tests short."""

import asyncio
from collections.abc import Awaitable

from model.prompt import parse_prompt
from model.worker.protocol import Event, Job

# of AgentTimings
QUICK = {"heartbeat": 0.1, "grace": 0.1, "training_heartbeat": 0.05, "training_unwanted": 0.5}


def job(name: str, does: str = "", deadline: float = 30.0) -> Job:
    """A job whose opening tells the stand-in what to do."""
    return Job(name, parse_prompt("D", "reel", seed=len(name), opening=does), deadline)


async def outcomes(*work: Awaitable[Event]) -> list[str]:
    """The state of each event, or the error raised in its place."""
    results = await asyncio.gather(*work, return_exceptions=True)
    return [result.state if isinstance(result, Event) else str(result) for result in results]
