"""The worker: jobs in as JSON lines, events out as JSON lines. It owns the model and the accelerator.

Lines in: a Job, or {"cancel": ID}. Queued jobs are composed as one batch for each version, and each is answered as it
ends. The worker exits when its input ends, or after `drain`, once it has composed what it was given.
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

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Queued:
    job: Job
    deadline: float  # time.monotonic()


class Worker:
    """Composes jobs until `lines` end. `default` is the checkpoint of jobs that name none.

    `keep` versions stay in memory; a sign of life is written every `heartbeat` seconds.
    """

    def __init__(self, default: Path, lines: Iterable[str], out: TextIO, keep: int = 3, heartbeat: float = 2.0) -> None:
        self._default = default
        self._lines, self._out, self._heartbeat = lines, out, heartbeat
        self._titles, self._index, self._critic = Titles.load(), Index.load(), Critic.load()
        self._versions = Versions(self._load, keep)
        self._arrived: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._in_batch = 0  # jobs of the batch that have no outcome yet
        self._device = ""
        self._output = threading.Lock()
        self._ended = threading.Event()

    def run(self) -> None:
        """Load the default checkpoint (CheckpointError if it cannot be used), report `ready`, and compose."""
        sha256 = checkpoint.sha256(self._default) if self._default.is_file() else ""
        sampler = self._versions.load_default(self._default, sha256)
        self._device = device(sampler.stepper)
        self._write(Event("", "ready"))
        threading.Thread(target=self._read, name="jobs", daemon=True).start()
        heartbeat = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        heartbeat.start()
        try:
            while batch := self._batch():
                self._compose_all(batch)
        finally:
            self._ended.set()
            heartbeat.join(self._heartbeat)

    def drain(self) -> None:
        """Exit once the jobs that arrived so far are composed. May be called by a signal handler."""
        self._arrived.put(None)

    def _beat(self) -> None:
        """Write signs of life, also in the middle of a batch."""
        while not self._ended.wait(self._heartbeat):
            try:
                jobs = self._arrived.qsize() + self._in_batch
                self._write(Event("", "alive", jobs=jobs, memory=resident_memory(), device=self._device))
            except (OSError, ValueError):  # nobody reads the output any more; the input will end as well
                return

    def _read(self) -> None:
        for line in self._lines:
            try:
                data = json.loads(line)
                if "cancel" in data:
                    self._cancelled.add(data["cancel"])
                    continue
                job = Job.from_json(data)
                self._arrived.put(_Queued(job, time.monotonic() + job.deadline))
            except (ValueError, TypeError, KeyError, RecursionError, ModelError) as error:
                log.error("a line that is no job (%s): %.200s", error, line.strip())
                if (job_id := _id_in(line)) is not None:  # the bot waits for its outcome
                    self._write(
                        Event(job_id, "failed", error="the worker does not understand this job", fault="internal")
                    )
        self._arrived.put(None)

    def _batch(self) -> list[Job]:
        """The queued jobs, at least one; empty when the input has ended."""
        jobs: list[Job] = []
        while len(jobs) < BATCH:
            try:
                queued = self._arrived.get(block=not jobs)
            except queue.Empty:
                break
            if queued is None:
                self._arrived.put(None)
                break
            if queued.job.id in self._cancelled:
                self._cancelled.discard(queued.job.id)
            elif time.monotonic() > queued.deadline:
                self._fail(queued.job, "the tune waited too long to be composed: try again", "internal")
            else:
                jobs.append(queued.job)
        return jobs

    def _compose_all(self, jobs: list[Job]) -> None:
        """One batch for each version, which is the last good one where a job's own cannot be used."""
        batches: dict[tuple[int, str], tuple[Loaded[Sampler], str, list[Job]]] = {}
        self._in_batch = len(jobs)
        for job in jobs:
            loaded, note = self._versions.for_job(job)
            batches.setdefault((id(loaded.sampler), note), (loaded, note, []))[2].append(job)
        for loaded, note, together in batches.values():
            for job in together:
                self._write(Event(job.id, "composing"))
            began = time.monotonic()
            tokens = self._compose(loaded, note, together)
            seconds = round(time.monotonic() - began, 4)
            self._write(Event("", "batch", jobs=len(together), tokens=tokens, seconds=seconds))
        self._in_batch = 0

    def _compose(self, loaded: Loaded[Sampler], note: str, jobs: list[Job]) -> int:
        """Answer each job; how many tokens that took."""
        done: set[int] = set()
        tokens = 0
        try:
            for index, outcome in loaded.sampler.stream([job.prompt for job in jobs]):
                done.add(index)
                self._in_batch -= 1
                event = self._answer(jobs[index], outcome)
                tokens += event.tokens
                self._write(replace(event, version=loaded.version, note=note))
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
        self._write(_failed(job, error, fault))

    def _write(self, event: Event) -> None:
        with self._output:
            self._out.write(event.to_line())
            self._out.flush()

    def _load(self, path: Path, sha256: str) -> Sampler:
        sampler = Sampler(checkpoint.read(path, sha256), self._titles, self._index, self._critic)
        sampler.warm_up()
        return sampler


def device(stepper: Stepper) -> str:
    """The device of `stepper` and the numbers it computes in, in words."""
    cuda, count = stepper.device.type == "cuda", torch.get_num_threads()
    name = torch.cuda.get_device_name() if cuda else f"CPU, {count} thread{'s' if count > 1 else ''}"
    return f"{name}, {stepper.method}"


def resident_memory() -> int:
    """Memory of this process in MiB; where the system does not tell, the most that it ever took."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most // (2**20 if sys.platform == "darwin" else 2**10)
    return pages * resource.getpagesize() // 2**20


def _id_in(line: str) -> str | None:
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
