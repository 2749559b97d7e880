"""What Redis carries of trainings: what is to be learned from, who has it, how far it is, and what came of it.

A training is a hash that lasts for as long as its bot says that it is wanted. The worker that has it holds a key beside
it, which lasts for a lease; files travel by their hash, as checkpoints do. All times are Redis' own.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.workers.cluster.files import failures
from bot.workers.cluster.scripts import (
    FINISH_TRAINING,
    GIVE_BACK_TRAINING,
    KEEP_TRAINING,
    OFFER_TRAINING,
    TAKE_TRAINING,
)
from model.retraining.protocol import Step

LASTS = 30_000  # milliseconds that a training waits for its bot to be heard of again


@dataclass(frozen=True)
class TrainingState:
    """What is known of a training: its outcome, the workers that took it so far, the last one, the steps since."""

    outcome: dict[str, Any] | None
    taken: int
    worker: str
    held: bool  # a worker has it now
    steps: tuple[Step, ...]


class Trainings:
    """Trainings by name. Calls raise BrokerAway."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self._redis, self._prefix = redis, prefix

    async def offer(self, name: str, text: str) -> TrainingState:
        """Put a training where workers find it, or say that it is still wanted; steps are told once."""
        with failures():
            found = await self._redis.eval(OFFER_TRAINING, 4, *self._keys(name), self._index, text, LASTS, name)
        outcome, taken, worker, held, said = found
        steps = tuple(Step(**json.loads(step)) for step in said)
        known = json.loads(outcome) if outcome else None
        return TrainingState(known, int(taken), (worker or b"").decode(), bool(held), steps)

    async def forget(self, name: str) -> None:
        """It is not wanted any more."""
        with failures():
            await self._redis.unlink(*self._keys(name))
            await self._redis.srem(self._index, name)

    async def names(self) -> list[str]:
        """All that may be wanted."""
        with failures():
            return sorted(name.decode() for name in await self._redis.smembers(self._index))

    async def take(self, name: str, holder: str, worker: str, lease: float, after: float = 0.0) -> str | None:
        """Have a training that no worker has, and its text; None for one that has not waited `after` seconds yet."""
        hash_, held, _ = self._keys(name)
        with failures():
            words = holder, int(1000 * lease), worker, after, name
            found = await self._redis.eval(TAKE_TRAINING, 3, hash_, held, self._index, *words)
        return found.decode() if found else None

    async def keep(self, name: str, holder: str, lease: float, steps: Sequence[Step] = ()) -> bool:
        """Go on having it, and tell steps; False where it is not wanted any more, or another worker has it."""
        said = [json.dumps(asdict(step)) for step in steps]
        with failures():
            words = holder, int(1000 * lease), LASTS, *said
            return bool(await self._redis.eval(KEEP_TRAINING, 3, *self._keys(name), *words))

    async def finish(self, name: str, holder: str, outcome: dict[str, Any]) -> bool:
        """Give it its one outcome; False where it has one, or it is another worker's."""
        with failures():
            words = holder, json.dumps(outcome)
            return bool(await self._redis.eval(FINISH_TRAINING, 2, *self._keys(name)[:2], *words))

    async def give_back(self, name: str, holder: str) -> None:
        """Let another worker have it."""
        with failures():
            await self._redis.eval(GIVE_BACK_TRAINING, 2, *self._keys(name)[:2], holder)

    @property
    def _index(self) -> str:
        return f"{self._prefix}:trainings"

    def _keys(self, name: str) -> tuple[str, str, str]:
        key = f"{self._prefix}:training:{name}"
        return key, f"{key}:holder", f"{key}:steps"
