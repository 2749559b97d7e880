"""What a prompt asks for, made: its tunes composed by a worker and rendered. Nothing is stored here."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.errors import BadRequest, WorkerError
from bot.core.metrics import Metrics
from bot.core.values import NewTune, StoredPrompt
from bot.library.library import RENDERED
from bot.render import Renders
from bot.store import Store
from bot.store.retry import retry_while_unavailable
from bot.workers import Workers
from model.worker.protocol import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromptExecutor:
    """A tune may take `deadline` seconds in the worker; `version` is the one that it was started with."""

    store: Store
    worker: Workers
    renderer: Renders
    metrics: Metrics
    deadline: float
    version: int

    async def composed(self, stored: StoredPrompt) -> list[NewTune]:
        """All tunes of a prompt. BadRequest where the worker refuses it, WorkerError where it fails."""
        version = await self._checkpoint(stored.version)
        prompts = [replace(stored.prompt, seed=stored.prompt.seed + i) for i in range(stored.count)]
        jobs = [Job(f"{stored.id}.{i}", prompt, self.deadline, *version) for i, prompt in enumerate(prompts)]
        # a TaskGroup would hide the one error that is worth telling inside an ExceptionGroup
        tasks = [asyncio.create_task(self._one(job)) for job in jobs]
        try:
            with self.metrics.compose.time():
                return [replace(tune, ordinal=i) for i, tune in enumerate(await asyncio.gather(*tasks))]
        finally:
            for task in tasks:
                task.cancel()

    async def rendered(self, tunes: Sequence[NewTune]) -> list[dict[str, bytes]]:
        """The files of each, by kind. RenderError."""
        return [await self._render(tune) for tune in tunes]

    async def _checkpoint(self, version: int) -> tuple[str, str, int]:
        """The file of a version, its hash and its number, for a Job; nothing for one that is not known any more."""
        known = next(
            (known for known in await retry_while_unavailable(self.store.versions.load_all) if known.number == version),
            None,
        )
        return known.file if known else ("", "", version)

    async def _one(self, job: Job) -> NewTune:
        event = await self.worker.compose(job)
        if event.state == "failed":
            raise BadRequest(event.error) if event.fault == "input" else WorkerError(event.error)
        used = None
        if event.note:
            used = event.version or self.version  # 0 is the one that the worker was started with
            log.error("job %s: %s; version %d composed it", job.id, event.note, used)
        return NewTune(0, job.prompt.seed, event.title, event.abc, event.nearest, event.temperature, used)

    async def _render(self, tune: NewTune) -> dict[str, bytes]:
        with self.metrics.render.time():
            return await self.renderer.render(tune.abc, RENDERED)
