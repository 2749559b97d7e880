"""Builds the parts of the bot and runs them inside each other: store, renderer, worker, composer."""

import asyncio
import contextlib
import fcntl
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.composing.composer import Composer
from bot.composing.queue import PromptQueue
from bot.composing.rate_limits import Limits
from bot.core.config import Config
from bot.core.errors import ConfigError, StoreError
from bot.core.files import sha256_of
from bot.core.metrics import Metrics
from bot.library.library import Library
from bot.library.server_settings import Settings
from bot.library.tunebook import Tunebooks
from bot.render import Renderer
from bot.retraining.candidate_files import CandidateFiles
from bot.retraining.retrainer import Retrainer
from bot.store import Store
from bot.workers import Trains, Workers
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from bot.workers.local.worker import COMMAND, LocalWorker
from model.worker.protocol import Event

if TYPE_CHECKING:
    from bot.workers.cluster.client import Cluster

SHIPPED = Path(__file__).parents[2] / "model" / "checkpoints" / "trad.safetensors"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """The use cases, ready."""

    store: Store
    library: Library
    composer: Composer
    worker: Workers
    renderer: Renderer
    metrics: Metrics
    settings: Settings
    tunebooks: Tunebooks
    retrainer: Retrainer


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Service]:
    """Everything but the front ends. Raises the TunesmithError of whatever cannot start."""
    data_directory(config.data_dir)
    metrics = Metrics(own_worker=config.workers.broker is None)
    renderer = Renderer(config.render.processes, config.render.timeout)
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(await Store.open(config.database, config.store.lease))
        worker = workers(config, store, metrics.heard)
        # both take seconds to import what they need, and neither needs the other
        await _enter_both(stack, worker, renderer)
        version = await know_versions(store, config)
        if config.shared:
            stack.push_async_callback(_release, store)  # once the composer has ended
        library = Library(store, renderer)
        settings = Settings(store)
        composer = Composer(
            store=store,
            library=library,
            worker=worker,
            renderer=renderer,
            queue=PromptQueue(
                limit=config.queue.limit, per_member=config.queue.per_member, per_server=config.queue.per_server
            ),
            at_once=config.queue.at_once,
            deadline=config.worker.deadline,
            version=version,
            queue_timeout=config.queue.patience,
            metrics=metrics,
            limits=Limits(
                settings=settings,
                member_cooldown=config.limits.member_cooldown,
                server_cooldown=config.limits.server_cooldown,
            ),
            current=store.versions.current,
        )
        metrics.watch("workers", "Workers that live", lambda: len(living(worker, config.workers.lease)))
        metrics.watch("worker_restarts", "Workers started in place of another", lambda: worker.restarts)
        metrics.watch("renderer_restarts", "Render processes started in place of another", lambda: renderer.restarts)
        await stack.enter_async_context(composer)
        yield Service(
            store=store,
            library=library,
            composer=composer,
            worker=worker,
            renderer=renderer,
            metrics=metrics,
            settings=settings,
            tunebooks=Tunebooks(store, renderer),
            retrainer=retrainer(config, store, worker, renderer),
        )


def retrainer(
    config: Config, store: Store, worker: Workers | None = None, renderer: Renderer | None = None
) -> Retrainer:
    """What retrains, as the settings describe it; without a renderer it draws no curves and adopts no retrainings."""
    section = config.retraining
    return Retrainer(
        store,
        trainer(config, worker),
        config.candidates,
        config.data_dir,
        renderer,
        config.voters,
        section.minimum_votes,
        section.keep,
        adopts=renderer is not None,
        shared=config.shared,
        workers=worker.workers if worker else list,
    )


def workers(config: Config, store: Store, heard: Callable[[Event], None] = lambda _: None) -> "LocalWorker | Cluster":
    """Whatever the settings want to compose: a process beside the bot, or workers behind a Redis."""
    if config.workers.broker is None:
        return local_worker(config, heard)
    try:
        from bot.workers.cluster.client import Cluster
    except ModuleNotFoundError as error:
        raise ConfigError(f"[workers] broker needs the package {error.name}: pip install -e '.[cluster]'") from error
    return Cluster(config.workers.broker.get_secret_value(), config.workers.lease, store.checkpoints.load)


def trainer(config: Config, worker: Workers | None = None) -> Trains:
    """Whatever the settings want to train: a process beside the bot, or workers behind a Redis, and `worker` tries."""
    local = Trainer(deadline=config.retraining.deadline, silence=config.retraining.silence)
    if config.workers.broker is None or worker is None:
        return local
    from bot.workers.cluster.trainer_client import RemoteTrainer  # needs the package that `workers` asked for

    return RemoteTrainer(config.workers.broker.get_secret_value(), local, worker, config.workers.lease)


def living(worker: Workers, lease: float) -> list[Health]:
    """The workers that were heard of within `lease` seconds."""
    return [health for health in worker.workers() if health.seen < lease]


def local_worker(
    config: Config, heard: Callable[[Event], None] = lambda _: None, command: Sequence[str] = ()
) -> LocalWorker:
    """A worker as the settings describe it; `heard` is called with what it says of itself."""
    return LocalWorker(
        config.worker.threads,
        config.worker.checkpoint,
        keep=config.worker.versions,
        silence=config.worker.silence,
        memory=config.worker.memory,
        slots=config.queue.at_once,
        on_event=heard,
        command=command or COMMAND,
    )


async def _release(store: Store) -> None:
    try:
        await store.prompts.release()
    except StoreError as error:
        log.warning("other bots have to wait until this one's lease has run out: %s", error)


def chosen(config: Config) -> Path:
    """The checkpoint to compose with."""
    return config.worker.checkpoint or SHIPPED


async def _enter_both(stack: contextlib.AsyncExitStack, worker: "LocalWorker | Cluster", renderer: Renderer) -> None:
    results = await asyncio.gather(
        stack.enter_async_context(worker), stack.enter_async_context(renderer), return_exceptions=True
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def know_versions(store: Store, config: Config) -> int:
    """Know the files of all versions, also where they were moved; the number of the configured one."""
    await CandidateFiles(config.candidates).find_moved(store)
    return await register(store, config.worker.checkpoint, config.shared)


async def register(store: Store, checkpoint: Path | None, keep: bool = False) -> int:
    """Know the shipped checkpoint as version 1, and one of the user's own by its hash; the number of the configured.

    Whatever was chosen last stays in use, unless another is configured than was so far. With `keep` the user's own is
    also kept in the database, for other machines.
    """
    shipped = await asyncio.to_thread(sha256_of, SHIPPED)
    if shipped:
        await store.versions.add(str(SHIPPED), shipped, "trad", number=1, note="shipped with Tunesmith")
    number, new = await _configured(store, checkpoint, keep) if checkpoint else (1, False)
    known = {version.number: version for version in await store.versions.load_all()}
    current = await store.versions.current()
    unlearned = current not in (None, 1, number) and known[current].retraining_id is None
    if number in known and (current is None or new or unlearned):  # the one in use was configured, and is no more
        await store.versions.choose(number)
    elif checkpoint and current != number:
        log.warning("version %s is in use, as was chosen; %s is version %d", current, checkpoint, number)
    return number


async def _configured(store: Store, checkpoint: Path, keep: bool) -> tuple[int, bool]:
    """The number of the user's own checkpoint, and whether it is new."""
    digest, path = await asyncio.to_thread(lambda: (sha256_of(checkpoint), checkpoint.resolve()))
    known = next((version for version in await store.versions.load_all() if version.sha256 == digest), None)
    if known and digest and not await asyncio.to_thread(Path(known.path).is_file):  # it was moved
        await store.versions.add(str(path), digest, known.name, known.number, known.note)
    found = known or await store.versions.add(str(path), digest, checkpoint.stem, note="from config.toml")
    if keep:
        await store.checkpoints.save(digest, await asyncio.to_thread(path.read_bytes))
    return found.number, known is None


def data_directory(path: Path) -> Path:
    """Make the data directory. ConfigError if it cannot be written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the data directory {path}: {error.strerror}; set TUNESMITH_DATA_DIR") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ConfigError(f"cannot write to the data directory {path}; set TUNESMITH_DATA_DIR")
    return path


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the data directory's lock. ConfigError if another bot has it."""
    try:
        lock = (data_directory(path) / "bot.lock").open("w")
    except OSError as error:
        raise ConfigError(f"cannot write to the data directory {path}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"another bot already runs on {path}: stop it, or set TUNESMITH_DATA_DIR") from error
        yield
