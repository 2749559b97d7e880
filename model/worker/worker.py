"""The worker: jobs in as JSON lines, events out as JSON lines. It owns the model and the accelerator.

Lines in: a Job, or {"cancel": ID}. The jobs that wait are composed as one batch for each version, and each is answered
as it ends. It leaves when its input ends, or is told to with `drain`, once it has composed what it was given.
"""

import json
import logging
import queue
import resource
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import torch

from model.errors import InputError, ModelError, SamplingError
from model.music.abc_writer import write
from model.network import checkpoint
from model.network.stepper import Stepper
from model.sampling.critic import Critic
from model.sampling.originality import Index, Nearest
from model.sampling.sampler import Composed, Sampler
from model.sampling.titles import Titles
from model.worker.checkpoints import Loaded, Versions
from model.worker.protocol import Event, Job, Known

BATCH = 32  # tunes in one micro-batch
KEPT = 3  # versions held in memory at once
HEARTBEAT = 2.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    job: Job
    until: float  # time.monotonic()


class Worker:
    """Composes jobs until `lines` end. `default` is the checkpoint of jobs that name none; `keep` stay in memory."""

    def __init__(self, default: Path, lines: Iterable[str], out: TextIO, keep: int = KEPT) -> None:
        self._default = default
        self._lines, self._out = lines, out
        self._titles, self._index, self._critic = Titles.load(), Index.load(), Critic.load()
        self._versions = Versions(self._load, keep)
        self._arrived: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._working = 0  # jobs of the batch that have no outcome yet
        self._device = ""
        self._saying = threading.Lock()
        self._ended = threading.Event()

    def run(self) -> None:
        """Load the default checkpoint (CheckpointError if it cannot be used), say `ready`, and work."""
        sha256 = checkpoint.sha256(self._default) if self._default.is_file() else ""
        sampler = self._versions.begin(self._default, sha256)
        self._device = device(sampler.stepper)
        self._say(Event("", "ready"))
        threading.Thread(target=self._read, name="jobs", daemon=True).start()
        beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        beating.start()
        try:
            while batch := self._batch():
                self._compose_all(batch)
        finally:
            self._ended.set()
            beating.join(HEARTBEAT)

    def drain(self) -> None:
        """Leave once the jobs that arrived so far are composed. May be called by a signal handler."""
        self._arrived.put(None)

    def _beat(self) -> None:
        """Say that the process lives, also in the middle of a batch."""
        while not self._ended.wait(HEARTBEAT):
            try:
                jobs = self._arrived.qsize() + self._working
                self._say(Event("", "alive", jobs=jobs, memory=resident(), device=self._device))
            except (OSError, ValueError):  # nobody hears it any more; the reader will notice as well
                return

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
                if (name := _name_in(line)) is not None:  # whoever waits for it is told
                    self._say(Event(name, "failed", error="the worker does not understand this job", fault="internal"))
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

    def _compose_all(self, jobs: list[Job]) -> None:
        """One batch for each version, which is the last good one where a job's own cannot be used."""
        batches: dict[tuple[int, str], tuple[Loaded[Sampler], str, list[Job]]] = {}
        self._working = len(jobs)
        for job in jobs:
            loaded, note = self._versions.of(job)
            batches.setdefault((id(loaded.sampler), note), (loaded, note, []))[2].append(job)
        for loaded, note, together in batches.values():
            for job in together:
                self._say(Event(job.id, "composing"))
            began = time.monotonic()
            tokens = self._compose(loaded, note, together)
            seconds = round(time.monotonic() - began, 4)
            self._say(Event("", "batch", jobs=len(together), tokens=tokens, seconds=seconds))
        self._working = 0

    def _compose(self, loaded: Loaded[Sampler], note: str, jobs: list[Job]) -> int:
        """Answer each job; how many tokens that took."""
        done: set[int] = set()
        tokens = 0
        try:
            for index, outcome in loaded.sampler.stream([job.prompt for job in jobs]):
                done.add(index)
                self._working -= 1
                event = self._answer(jobs[index], outcome)
                tokens += event.tokens
                self._say(replace(event, version=loaded.version, note=note))
        except Exception as error:  # one job's fault must take down neither the worker nor the rest of its batch
            log.exception("a batch of %d failed: jobs %s", len(jobs), ", ".join(job.id for job in jobs))
            left = [job for index, job in enumerate(jobs) if index not in done]
            if len(jobs) > 1 and not isinstance(error, ModelError):
                return tokens + sum(self._compose(loaded, note, [job]) for job in left)
            text = str(error) if isinstance(error, ModelError) else "the model failed on this prompt"
            for job in left:
                self._fail(job, text, "internal")
        return tokens

    def _answer(self, job: Job, outcome: Composed | InputError | SamplingError) -> Event:
        if not isinstance(outcome, Composed):
            return _failed(job, str(outcome), "input" if isinstance(outcome, InputError) else "sampling")
        return Event(
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

    def _fail(self, job: Job, error: str, fault: str) -> None:
        self._say(_failed(job, error, fault))

    def _say(self, event: Event) -> None:
        with self._saying:
            self._out.write(event.to_line())
            self._out.flush()

    def _load(self, path: Path, sha256: str) -> Sampler:
        sampler = Sampler(checkpoint.read(path, sha256), self._titles, self._index, self._critic)
        sampler.warm_up()
        return sampler


def device(stepper: Stepper) -> str:
    """What `stepper` computes on and in which numbers, in words."""
    cuda, count = stepper.device.type == "cuda", torch.get_num_threads()
    name = torch.cuda.get_device_name() if cuda else f"CPU, {count} thread{'s' if count > 1 else ''}"
    return f"{name}, {stepper.method}"


def resident() -> int:
    """Memory that this process takes up, in MiB; where the system does not say, the most that it ever took."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // (2**20 if sys.platform == "darwin" else 2**10)
    return pages * resource.getpagesize() // 2**20


def _name_in(line: str) -> str | None:
    """The id of a job that cannot be read otherwise."""
    with suppress(ValueError, RecursionError):
        data = json.loads(line)
        if isinstance(data, dict) and isinstance(data.get("id"), str):
            return str(data["id"])
    return None


def _failed(job: Job, error: str, fault: str) -> Event:
    return Event(job.id, "failed", error=error, fault=fault)


def _known(nearest: Nearest) -> Known | None:
    return Known(nearest.title, nearest.source, round(nearest.similarity, 4)) if nearest.similarity else None
