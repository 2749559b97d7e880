"""A retrainer on a real database with a trainer process (the stand-in), and votes to learn from."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.core.retraining import Retraining, RetrainingStatus
from bot.core.values import NewPrompt, NewTune, Place
from bot.retraining.retrainer import Retrainer
from bot.store import Store
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from model.prompt import parse_prompt
from tests.bot.workers.local.stand_in_trainer import STAND_IN_TRAINER
from tests.engines.sqlite import with_tables
from tests.waiting import until

if TYPE_CHECKING:
    from bot.workers.cluster.trainer_client import RemoteTrainer

ANN, BOSS = Place("web", "local", "ann", "Ann"), Place("discord", "77", "1000", "Boss")
FIRST = hashlib.sha256(b"first").hexdigest()  # of version 1
GPU = Health("gpu", device="NVIDIA H100", slots=32, free=30, held=(FIRST,), trains=True, seen=1.2)
VOTES = 6  # by two members on three tunes
ABC = "X:1\nT:The Long Lane\nR:reel\nM:4/4\nL:1/8\nK:Edor\n|:EBBA B2EB:|\n"


class Draws:
    """Draws nothing, and keeps the curves it was given."""

    def __init__(self) -> None:
        self.drawn: list[list[tuple[float, float]]] = []

    async def chart(self, losses: list[tuple[float, float]]) -> bytes:
        self.drawn.append(losses)
        return b"\x89PNG"


@dataclass
class RunningRetrainer:
    """A retrainer that runs, and what it works on."""

    store: Store
    retrainer: Retrainer
    draws: Draws
    log: Path
    data: Path

    async def retrain(self, place: Place = ANN, **options: Any) -> Retraining:
        """A retraining, from its beginning to its end."""
        updates = self.retrainer.subscribe()
        begun = await self.retrainer.start(place, **options)
        async with asyncio.timeout(120):
            return await self.retrainer.finished(begun.id, updates)

    async def reached(self, stage: str) -> None:
        """Wait until the trainer says that it is at a stage."""
        async with asyncio.timeout(120):
            async for news in self.retrainer.subscribe():
                if news.progress.step.stage == stage:
                    return

    async def ended(self, number: int) -> Retraining:
        """A retraining, once it has ended, in whatever process."""

        async def final() -> bool:
            return (await self.retrainer.retraining(number)).status.final

        await until(final, within=120)
        return await self.retrainer.retraining(number)

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.data / "checkpoints").glob("*"))

    def trainer_inputs(self) -> list[dict[str, Any]]:
        """The inputs of each trainer process so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@asynccontextmanager
async def running_retrainer(
    data: Path, *words: str, votes: bool = True, through: str = "", **options: Any
) -> AsyncIterator[RunningRetrainer]:
    """A retrainer on the data directory `data`; `words` go to the stand-in trainer.

    `through` is the URL of a Redis whose workers train. `options` are of Trainer, RemoteTrainer or Retrainer.
    """
    data.mkdir(exist_ok=True)  # noqa: ASYNC240
    log = data / "trainer.log"
    limits = _pop(options, "silence", "deadline", "grace")
    local = Trainer((*STAND_IN_TRAINER, "--log", str(log), *words), nice=0, **limits)
    remote = _pop(options, "alone_after", "timings")
    async with (
        await Store.open(options.pop("database", None) or with_tables(data / "tunesmith.db")) as store,
        remote_trainer(through, local, **remote) if through else nullcontext(local) as trainer,
    ):
        await use_first_version(store, data)
        if votes and not await store.training_votes.count(("web", "discord"), 1):
            await vote(store)
        draws, folder = Draws(), data / "checkpoints"
        usual: dict[str, Any] = {"minimum_votes": VOTES, "lease": 4.0, "workers": lambda: [GPU]}
        async with Retrainer(store, trainer, folder, cache=data, draws=draws, **{**usual, **options}) as retrainer:
            yield RunningRetrainer(store, retrainer, draws, log, data)


def _pop(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: options.pop(name) for name in names if name in options}


@asynccontextmanager
async def remote_trainer(url: str, local: Trainer, **options: Any) -> AsyncIterator["RemoteTrainer"]:
    """Has workers behind a Redis train, whom it asks often."""
    from bot.workers.cluster.client import Cluster
    from bot.workers.cluster.trainer_client import RemoteTrainer

    async with Cluster(url, lease=1.5, poll=0.1) as cluster:
        yield RemoteTrainer(url, local, cluster, lease=1.5, **{"poll": 0.05, "alone_after": 60.0, **options})


async def use_first_version(store: Store, data: Path) -> None:
    """Version 1, a file of its own, in use."""
    if await store.versions.current() is None:
        first = data / "first.safetensors"
        first.write_bytes(b"first")
        await store.versions.add(str(first), FIRST, "trad", 1, "shipped")
        await store.versions.choose(1)


async def tunes(store: Store, count: int, place: Place = ANN) -> list[int]:
    """So many finished tunes; their ids."""
    ids = await store.members.register(place)
    stored = await store.prompts.add(NewPrompt(*ids, parse_prompt("Edor", "reel", seed=7), count, version=1))
    made = await store.prompts.finish(stored.id, [NewTune(n, 7 + n, f"Tune {n}", ABC) for n in range(count)])
    return [tune.id for tune in made]


async def vote(
    store: Store, members: Collection[str] = ("2000", "3000"), count: int = 3, disliked: int = 0
) -> list[int]:
    """These members of Discord each vote `count` tunes of Ann's up and `disliked` others down; all of them."""
    made = await tunes(store, count + disliked)
    for member in members:
        member_id, _ = await store.members.register(Place("discord", "77", member, f"Member {member}"))
        for number, tune in enumerate(made):
            await store.votes.cast(tune, member_id, 1 if number < count else -1)
    return made


async def untouched(running: RunningRetrainer) -> None:
    """Version 1 is in use, and there is no other."""
    assert await running.store.versions.current() == 1
    assert [version.number for version in await running.store.versions.load_all()] == [1]
    assert await running.store.retrainings.unfinished() is None


async def statuses(store: Store) -> list[RetrainingStatus]:
    """Of all retrainings, the oldest first."""
    return [each.status for each in reversed(await store.retrainings.latest(100))]
