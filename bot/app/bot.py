"""Builds the bot from its settings and runs it: store, renderer, worker, composer, all but the front ends."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.app.data_directory import make_data_directory
from bot.app.versions import register_versions
from bot.composing.composer import Composer
from bot.composing.queue import PromptQueue
from bot.composing.rate_limits import Limits
from bot.core.config import Config
from bot.core.errors import ConfigError, StoreError
from bot.core.metrics import Metrics
from bot.library.editing import Editor
from bot.library.library import Library
from bot.library.member_data import MemberData
from bot.library.reports import Reports
from bot.library.server_settings import Settings
from bot.library.tunebook import Tunebooks
from bot.render import Renderer
from bot.retraining.retrainer import Retrainer
from bot.store import Store
from bot.workers import Trains, Workers
from bot.workers.health import Health
from bot.workers.local.trainer import Trainer
from bot.workers.local.worker import COMMAND, LocalWorker
from model.retraining.protocol import FEWEST
from model.worker.protocol import Event

if TYPE_CHECKING:
    from bot.workers.cluster.client import Cluster

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    """The use cases of a running bot."""

    store: Store
    library: Library
    composer: Composer
    worker: Workers
    renderer: Renderer
    metrics: Metrics
    settings: Settings
    tunebooks: Tunebooks
    editor: Editor
    retrainer: Retrainer
    member_data: MemberData
    reports: Reports
    limits: Limits


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Service]:
    """A running bot without its front ends. Raises the TunesmithError of the part that cannot start."""
    make_data_directory(config.data_dir)
    metrics = Metrics(own_worker=config.workers.broker is None)
    renderer = Renderer(config.render.processes, config.render.timeout, config.soundfont)
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(await Store.open(config.database, config.store.lease))
        worker = build_workers(config, store, metrics.on_event)
        # each takes seconds to start, and neither needs the other
        await _enter_both(stack, worker, renderer)
        version = await register_versions(store, config)
        if config.shared:
            stack.push_async_callback(_release, store)  # after the composer has ended
        library = Library(store, renderer)
        settings = Settings(store)
        limits = Limits(
            settings=settings,
            member_cooldown=config.limits.member_cooldown,
            server_cooldown=config.limits.server_cooldown,
            local=("web", "cli") if config.web.local else ("cli",),
        )
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
            limits=limits,
            current=store.versions.current,
        )
        metrics.watch("workers", "Workers that live", lambda: len(live_workers(worker, config.workers.lease)))
        metrics.watch("worker_restarts", "Workers started in place of another", lambda: worker.restarts)
        metrics.watch("bad_messages", "Messages from Redis that could not be read", lambda: worker.rejected)
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
            editor=Editor(store, library, renderer),
            retrainer=build_retrainer(config, store, worker, renderer),
            member_data=MemberData(store, composer.cancel),
            reports=Reports(store, library),
            limits=limits,
        )


def build_retrainer(
    config: Config, store: Store, worker: Workers | None = None, renderer: Renderer | None = None
) -> Retrainer:
    """The retrainer. Without a renderer it draws no curves and adopts no retrainings."""
    return Retrainer(
        store=store,
        trainer=build_trainer(config, worker),
        folder=config.candidates,
        cache=config.data_dir,
        draws=renderer,
        voters=config.voters,
        lone=config.web.local and not (config.discord_token and config.discord_token.get_secret_value()),
        fewest=FEWEST,
        minimum_votes=config.retraining.minimum_votes,
        keep=config.retraining.keep,
        adopts=renderer is not None,
        shared=config.shared,
        workers=worker.workers if worker else list,
    )


def build_workers(
    config: Config, store: Store, on_event: Callable[[Event], None] = lambda _: None
) -> "LocalWorker | Cluster":
    """What composes: a process beside the bot, or with [workers] broker the workers at that Redis."""
    if config.workers.broker is None:
        return build_local_worker(config, on_event)
    try:
        from bot.workers.cluster.client import Cluster
    except ModuleNotFoundError as error:
        raise ConfigError(f"[workers] broker needs the package {error.name}: pip install -e '.[cluster]'") from error
    url = config.workers.broker.get_secret_value()
    patience = config.queue.patience
    return Cluster(url, lease=config.workers.lease, provide=store.checkpoints.load, patience=patience)


def build_trainer(config: Config, worker: Workers | None = None) -> Trains:
    """What trains: a process beside the bot, or the workers at a Redis, of which `worker` tries out the candidate."""
    local = Trainer(deadline=config.retraining.deadline, silence=config.retraining.silence)
    if config.workers.broker is None or worker is None:
        return local
    from bot.workers.cluster.trainer_client import RemoteTrainer  # its package is there: `build_workers` checked

    url = config.workers.broker.get_secret_value()
    return RemoteTrainer(url, local, worker, config.workers.lease)


def live_workers(worker: Workers, lease: float) -> list[Health]:
    """The workers that gave a sign of life within the last `lease` seconds."""
    return [health for health in worker.workers() if health.seen < lease]


def build_local_worker(
    config: Config, on_event: Callable[[Event], None] = lambda _: None, command: Sequence[str] = ()
) -> LocalWorker:
    """A worker process. `on_event` is called with the events that are about the worker itself, not a job."""
    return LocalWorker(
        threads=config.worker.threads,
        checkpoint=config.worker.checkpoint,
        keep=config.worker.versions,
        silence=config.worker.silence,
        memory=config.worker.memory,
        slots=config.queue.at_once,
        on_event=on_event,
        command=command or COMMAND,
    )


async def _release(store: Store) -> None:
    try:
        await store.prompts.release()
    except StoreError as error:
        log.warning("other bots have to wait until this one's lease has run out: %s", error)


async def _enter_both(stack: contextlib.AsyncExitStack, worker: "LocalWorker | Cluster", renderer: Renderer) -> None:
    results = await asyncio.gather(
        stack.enter_async_context(worker), stack.enter_async_context(renderer), return_exceptions=True
    )
    for result in results:
        if isinstance(result, BaseException):
            raise result
