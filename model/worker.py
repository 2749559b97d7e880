"""The worker: jobs in as JSON lines, events out as JSON lines. It owns the model and the accelerator.

Lines in: a Job, or {"cancel": ID}. The jobs that wait are composed as one batch, and each is answered as it ends.
It leaves when its input ends.
"""

import json
import logging
import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from model import checkpoint
from model.abc_writer import write
from model.errors import InputError, ModelError, SamplingError
from model.jobs import Event, Job, Known
from model.originality import Index, Nearest
from model.sampler import Composed, Sampler
from model.titles import Titles

BATCH = 32  # tunes in one micro-batch
KEPT = 2  # checkpoints held in memory at once

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    job: Job
    until: float  # time.monotonic()


class Worker:
    """Composes jobs until `lines` end. `default` is the checkpoint of jobs that name none."""

    def __init__(self, default: Path, lines: Iterable[str], out: TextIO) -> None:
        self._default = default
        self._lines, self._out = lines, out
        self._samplers: dict[Path, Sampler] = {}
        self._titles, self._index = Titles.load(), Index.load()
        self._arrived: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()

    def run(self) -> None:
        """Load the default checkpoint (CheckpointError if it cannot be used), say `ready`, and work."""
        self._sampler(self._default)
        self._say(Event("", "ready"))
        threading.Thread(target=self._read, name="jobs", daemon=True).start()
        while batch := self._batch():
            by_checkpoint: dict[Path, list[Job]] = {}
            for job in batch:
                by_checkpoint.setdefault(Path(job.checkpoint) if job.checkpoint else self._default, []).append(job)
            for path, jobs in by_checkpoint.items():
                self._compose(path, jobs)

    def _read(self) -> None:
        for line in self._lines:
            try:
                data = json.loads(line)
                if "cancel" in data:
                    self._cancelled.add(data["cancel"])
                    continue
                job = Job.from_json(data)
                self._arrived.put(_Waiting(job, time.monotonic() + job.deadline))
            except (ValueError, TypeError, KeyError, RecursionError, ModelError) as error:
                log.error("a line that is no job (%s): %.200s", error, line.strip())
        self._arrived.put(None)

    def _batch(self) -> list[Job]:
        """The jobs that wait, at least one; empty when the input has ended."""
        jobs: list[Job] = []
        while len(jobs) < BATCH:
            try:
                waiting = self._arrived.get(block=not jobs)
            except queue.Empty:
                break
            if waiting is None:
                self._arrived.put(None)
                break
            if waiting.job.id in self._cancelled:
                self._cancelled.discard(waiting.job.id)
            elif time.monotonic() > waiting.until:
                self._fail(waiting.job, "the tune waited too long to be composed: try again", "internal")
            else:
                jobs.append(waiting.job)
        return jobs

    def _compose(self, path: Path, jobs: list[Job]) -> None:
        for job in jobs:
            self._say(Event(job.id, "composing"))
        done: set[int] = set()
        try:
            for index, outcome in self._sampler(path).stream([job.prompt for job in jobs]):
                done.add(index)
                self._answer(jobs[index], outcome)
        except Exception as error:  # one job's fault must take down neither the worker nor the rest of its batch
            log.exception("a batch of %d failed", len(jobs))
            left = [job for index, job in enumerate(jobs) if index not in done]
            if len(jobs) > 1 and not isinstance(error, ModelError):
                for job in left:
                    self._compose(path, [job])
                return
            text = str(error) if isinstance(error, ModelError) else "the model failed on this prompt"
            for job in left:
                self._fail(job, text, "internal")

    def _answer(self, job: Job, outcome: Composed | InputError | SamplingError) -> None:
        if isinstance(outcome, Composed):
            self._say(
                Event(
                    job.id,
                    "done",
                    title=outcome.tune.title,
                    abc=write(outcome.tune),
                    tokens=outcome.tokens,
                    draws=outcome.draws,
                    seconds=round(outcome.seconds, 4),
                    nearest=_known(outcome.nearest),
                    temperature=round(outcome.temperature, 4),
                )
            )
        else:
            self._fail(job, str(outcome), "input" if isinstance(outcome, InputError) else "sampling")

    def _fail(self, job: Job, error: str, fault: str) -> None:
        self._say(Event(job.id, "failed", error=error, fault=fault))

    def _say(self, event: Event) -> None:
        self._out.write(event.to_line())
        self._out.flush()

    def _sampler(self, path: Path) -> Sampler:
        if path not in self._samplers:
            self._samplers[path] = Sampler(checkpoint.read(path), self._titles, self._index)
            while len(self._samplers) > KEPT:
                self._samplers.pop(next(iter(self._samplers)))
        return self._samplers[path]


def _known(nearest: Nearest) -> Known | None:
    return Known(nearest.title, nearest.source, round(nearest.similarity, 4)) if nearest.similarity else None
