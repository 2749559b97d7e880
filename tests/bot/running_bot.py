"""A composer over a real database and a real worker process, the stand-in, with a renderer that tests control."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bot.composing.composer import Composer
from bot.composing.failover import Failover
from bot.composing.queue import PromptQueue
from bot.composing.rate_limits import Limits
from bot.core.rendering import Playing
from bot.core.values import Place, Progress, State
from bot.library.library import Library
from bot.library.server_settings import Settings
from bot.render import KINDS
from bot.render import Renderer as RealRenderer
from bot.store import Store
from bot.store.database import TIMEOUTS, ServerTimeouts
from bot.workers.local.worker import LocalWorker
from model.prompt import Prompt, parse_prompt
from tests.bot.workers.local.stand_in import STAND_IN
from tests.engines.sqlite import with_tables

if TYPE_CHECKING:
    from bot.workers.cluster.client import Cluster
    from bot.workers.cluster.jobs import BrokerTimings

SHA256 = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()  # some file that workers can fetch
ANN, BEN = Place("web", "local", "ann", "Ann"), Place("web", "local", "ben", "Ben")


@dataclass
class Renderer:
    """Renders at once, or once `go` is set; fails with `error`."""

    error: Exception | None = None
    real: RealRenderer | None = None  # that renders in the end
    go: asyncio.Event = field(default_factory=asyncio.Event)
    rendered: list[str] = field(default_factory=list)
    played: list[Playing] = field(default_factory=list)

    async def score(self, abc: str, narrow: bool = False, playing: Playing = Playing()) -> dict[str, bytes]:  # noqa: B008
        return {"svg": f"{abc} {narrow}".encode(), "times": b"{}"}

    async def render(
        self,
        abc: str,
        kinds: Collection[str] = KINDS,
        playing: Playing = Playing(),  # noqa: B008
    ) -> dict[str, bytes]:
        self.rendered.append(abc)
        self.played.append(playing)
        await self.go.wait()
        if self.error:
            raise self.error
        return await self.real.render(abc, kinds, playing) if self.real else {kind: kind.encode() for kind in kinds}


@dataclass
class Bot:
    """The parts, running_bot."""

    store: Store
    composer: Composer
    renderer: Renderer
    worker: "LocalWorker | Cluster"
    settings: Settings

    async def ask(self, prompt: Prompt, place: Place = ANN, count: int = 1) -> int:
        return (await self.composer.compose(place, prompt, count)).prompt.id

    async def finished(self, prompt: Prompt, place: Place = ANN, count: int = 1) -> Progress:
        updates = self.composer.subscribe()
        return await self.composer.finished(await self.ask(prompt, place, count), updates)

    @property
    def dispatched(self) -> bool:
        """Whether the composer has begun every prompt that may begin now."""
        return not self.composer._queue_changed.is_set()

    async def state(self, prompt_id: int) -> State:
        stored = await self.store.prompts.load(prompt_id)
        assert stored
        return stored.state


@asynccontextmanager
async def running_bot(
    path: Path | str,
    *options: str,
    at_once: int = 8,
    limit: int = 50,
    per_member: int = 50,
    per_server: int | None = None,
    version: int = 1,
    queue_timeout: float = 60.0,
    real: RealRenderer | None = None,
    cooldowns: tuple[float, float] = (0.0, 0.0),
    lease: float = 30.0,
    timeouts: ServerTimeouts = TIMEOUTS,
    through: str = "",
    command: Sequence[str] = STAND_IN,
    timings: "BrokerTimings | None" = None,
) -> AsyncIterator[Bot]:
    """A bot on the database at a path or URL. Rendering goes through unless a test clears `renderer.go`.

    `command` starts the worker beside it; with `through`, the workers at the Redis of this URL compose.
    """
    renderer = Renderer(real=real)
    renderer.go.set()
    beside = cluster_at(through, timings) if through else LocalWorker(command=(*command, *options))
    database = with_tables(path) if isinstance(path, Path) else path
    async with await Store.open(database, lease, timeouts) as store, beside as worker:
        for number in range(1, version + 1):
            file = (__file__, SHA256) if through else (f"/nowhere/{number}.safetensors", str(number) * 64)
            await store.versions.add(*file, "trad", number)
        library = Library(store, renderer)
        settings = Settings(store)
        composer = Composer(
            store=store,
            library=library,
            worker=worker,
            renderer=renderer,
            queue=PromptQueue(limit=limit, per_member=per_member, per_server=per_server),
            at_once=at_once,
            deadline=30.0,
            version=version,
            queue_timeout=queue_timeout,
            limits=Limits(settings, *cooldowns),
            current=store.versions.current,
        )
        shared = str(path).startswith("postgresql")
        async with composer, Failover(store, composer, ["web"], at_once) if shared else nullcontext():
            yield Bot(store, composer, renderer, worker, settings)


def cluster_at(url: str, timings: "BrokerTimings | None") -> "Cluster":
    """Workers at a Redis, which it asks often."""
    from bot.workers.cluster.client import Cluster
    from bot.workers.cluster.jobs import TIMINGS

    return Cluster(url, lease=1.5, poll=0.2, timings=timings or TIMINGS)


def new_prompt(does: str = "", key: str = "D", seed: int = 7) -> Prompt:
    """A prompt whose opening is an instruction for the stand-in, such as `fail`."""
    return parse_prompt(key, "reel", seed=seed, opening=does)


async def reached(updates: AsyncIterator[Progress], state: State, *prompt_ids: int) -> Progress:
    """The next time that a prompt is in a state; of several, in whatever order, the last."""
    left = set(prompt_ids)
    async with asyncio.timeout(120):
        async for progress in updates:
            if progress.prompt.state is state:
                left.discard(progress.prompt.id)
            if not left:
                return progress
    raise AssertionError("the updates ended")


async def all_rendering(updates: AsyncIterator[Progress], ids: set[int]) -> None:
    """Receive updates until each of these prompts is being rendered, in whatever order."""
    left = set(ids)
    async with asyncio.timeout(120):
        while left:
            progress = await anext(updates)
            if progress.prompt.state is State.RENDERING:
                left.discard(progress.prompt.id)
