"""What Redis carries of trainings: the inputs, who has one, how far it is, and its outcome.

A training is a hash that lasts for as long as its bot renews it. The worker that has it holds a key beside it, which
lasts for a lease; files travel by their hash, as checkpoints do. All times are Redis' own.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.workers.cluster import messages
from bot.workers.cluster.connection import translated_errors
from bot.workers.cluster.messages import Inbox, TrainingOutcome
from bot.workers.cluster.scripts import (
    CLAIM_TRAINING,
    FINISH_TRAINING,
    OFFER_TRAINING,
    RELEASE_TRAINING,
    RENEW_TRAINING,
)
from model.retraining.protocol import Step


@dataclass(frozen=True)
class TrainingState:
    """What is known of a training: its outcome, how many workers claimed it, the last of them, the steps since."""

    outcome: TrainingOutcome | None
    claims: int
    worker: str
    held: bool  # a worker has it now
    steps: tuple[Step, ...]


class Trainings:
    """Trainings by name, which last `expires` seconds after their bot's last call. Calls raise BrokerUnavailable."""

    def __init__(self, redis: Any, prefix: str, expires: float, inbox: Inbox) -> None:
        self._redis, self._prefix, self._expires = redis, prefix, int(1000 * expires)
        self._inbox = inbox

    async def offer(self, name: str, text: str) -> TrainingState:
        """Put a training where workers find it, or renew it; each step is returned once."""
        with translated_errors():
            found = await self._redis.eval(OFFER_TRAINING, 4, *self._keys(name), self._index, text, self._expires, name)
        outcome, claims, worker, held, lines = found
        read = [self._inbox.read("a step of a training", line, messages.step) for line in lines]
        steps = tuple(step for step in read if step)
        known = self._inbox.read("the outcome of a training", outcome, messages.training_outcome) if outcome else None
        if outcome and not known:
            known = TrainingOutcome(error="what the worker answered cannot be read: try again")
        count = self._inbox.read("a training's claims", claims or b"0", int) or 0
        return TrainingState(known, count, (worker or b"").decode(errors="replace"), bool(held), steps)

    async def forget(self, name: str) -> None:
        """Take a training back: no bot needs it any more."""
        with translated_errors():
            await self._redis.unlink(*self._keys(name))
            await self._redis.srem(self._index, name)

    async def names(self) -> list[str]:
        """All trainings, also some that have expired."""
        with translated_errors():
            return sorted(name.decode(errors="replace") for name in await self._redis.smembers(self._index))

    async def claim(self, name: str, holder: str, worker: str, lease: float, after: float = 0.0) -> str | None:
        """Claim a training that no worker has; its text, or None while it has not waited `after` seconds."""
        hash_, held, _ = self._keys(name)
        with translated_errors():
            arguments = holder, int(1000 * lease), worker, after, name
            found = await self._redis.eval(CLAIM_TRAINING, 3, hash_, held, self._index, *arguments)
        return self._inbox.read("a training", found, bytes.decode) if found else None

    async def renew(self, name: str, holder: str, lease: float, steps: Sequence[Step] = ()) -> bool:
        """Renew the lease and report steps; False where it was taken back, or another worker has it."""
        lines = [json.dumps(asdict(step)) for step in steps]
        with translated_errors():
            arguments = holder, int(1000 * lease), self._expires, *lines
            return bool(await self._redis.eval(RENEW_TRAINING, 3, *self._keys(name), *arguments))

    async def finish(self, name: str, holder: str, outcome: dict[str, Any]) -> bool:
        """Give it its one outcome; False where it has one, or another worker has it."""
        with translated_errors():
            arguments = holder, json.dumps(outcome)
            return bool(await self._redis.eval(FINISH_TRAINING, 2, *self._keys(name)[:2], *arguments))

    async def release(self, name: str, holder: str) -> None:
        """Let another worker claim it."""
        with translated_errors():
            await self._redis.eval(RELEASE_TRAINING, 2, *self._keys(name)[:2], holder)

    @property
    def _index(self) -> str:
        return f"{self._prefix}:trainings"

    def _keys(self, name: str) -> tuple[str, str, str]:
        key = f"{self._prefix}:training:{name}"
        return key, f"{key}:holder", f"{key}:steps"
