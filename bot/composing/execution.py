"""Executes prompts: a worker composes the tunes and the renderer makes their files. Nothing is stored here."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.errors import BadRequest, WorkerError
from bot.core.metrics import Metrics
from bot.core.rendering import Playing
from bot.core.values import Blocked, NewTune, StoredPrompt
from bot.library.blocking import is_like_blocked, with_allowed_title
from bot.render import Renders
from bot.store import Store
from bot.store.retry import retry_while_unavailable
from bot.workers import Workers
from model.prompt import LARGEST_SEED
from model.worker.protocol import Job

ATTEMPTS = 5  # tunes that are composed in place of blocked ones
_NEXT_SEED = 1_000_003  # far from those of the same prompt's other tunes

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromptExecutor:
    """A tune may take `deadline` seconds in the worker, which was started with `version`."""

    store: Store
    worker: Workers
    renderer: Renders
    metrics: Metrics
    deadline: float
    version: int

    async def compose(self, stored: StoredPrompt) -> list[NewTune]:
        """All tunes of a prompt. BadRequest where the worker refuses it, WorkerError where it fails."""
        path, sha256, version = await self._checkpoint(stored.version)
        blocked = await retry_while_unavailable(self.store.blocked.load, stored.server_id)
        prompts = [replace(stored.prompt, seed=stored.prompt.seed + i) for i in range(stored.count)]
        jobs = [
            Job(f"{stored.id}.{i}", prompt, self.deadline, path, sha256, version) for i, prompt in enumerate(prompts)
        ]
        # a TaskGroup would hide the error that the member is to read inside an ExceptionGroup
        tasks = [asyncio.create_task(self._compose_allowed(job, blocked)) for job in jobs]
        try:
            with self.metrics.compose.time():
                return [replace(tune, ordinal=i) for i, tune in enumerate(await asyncio.gather(*tasks))]
        finally:
            for task in tasks:
                task.cancel()

    async def render(self, tunes: Sequence[NewTune], playing: Playing) -> list[dict[str, bytes]]:
        """The files of each tune, by kind. RenderError."""
        return [await self._render_one(tune, playing) for tune in tunes]

    async def _checkpoint(self, version: int) -> tuple[str, str, int]:
        """Path, hash and number of a version, for a Job; no path and hash for one that is unknown by now."""
        versions = await retry_while_unavailable(self.store.versions.load_all)
        found = next((each for each in versions if each.number == version), None)
        return found.file if found else ("", "", version)

    async def _compose_allowed(self, job: Job, blocked: Blocked) -> NewTune:
        """A tune, and a title, that its server's admins have not blocked: of another seed where that takes it."""
        for attempt in range(ATTEMPTS):
            seed = (job.prompt.seed + attempt * _NEXT_SEED) % LARGEST_SEED
            again = replace(job, id=f"{job.id}.{attempt}", prompt=replace(job.prompt, seed=seed))
            tune = await self._compose_one(again if attempt else job)
            if not await is_like_blocked(tune, blocked):
                return with_allowed_title(tune, job.prompt.rhythm, blocked)
        raise BadRequest("all that came was like a tune that this server's admins have blocked: try other settings")

    async def _compose_one(self, job: Job) -> NewTune:
        event = await self.worker.compose(job)
        if event.state == "failed":
            raise BadRequest(event.error) if event.fault == "input" else WorkerError(event.error)
        used = None
        if event.note:
            used = event.version or self.version  # 0 is the one that the worker was started with
            log.error("job %s: %s; version %d composed it", job.id, event.note, used)
        return NewTune(
            ordinal=0,
            seed=job.prompt.seed,
            title=event.title,
            abc=event.abc,
            nearest=event.nearest,
            drawn_temperature=event.temperature,
            version=used,
        )

    async def _render_one(self, tune: NewTune, playing: Playing) -> dict[str, bytes]:
        with self.metrics.render.time():
            return await self.renderer.render(tune.abc, playing=playing)
