"""The versions that a worker has in memory: loaded on first use, verified, the last few kept, bad ones refused."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from model.errors import CheckpointError
from model.worker.protocol import Job

T = TypeVar("T")
_Stamp = tuple[int, int] | None  # ctime and size of a file; None for one that is not there
AGAIN = 60.0  # seconds after which a refused file is read again even if nothing of it has changed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """What composes, and the number of its version; 0 for the one the worker was started with."""

    sampler: T
    version: int


@dataclass
class Versions(Generic[T]):
    """At most `keep` versions at once. `load(path, sha256)` reads one; CheckpointError for a file that is no good.

    What is loaded is known by its hash: a file that is replaced on the disk does no harm to a version in use.
    """

    load: Callable[[Path, str], T]
    keep: int
    _loaded: OrderedDict[str, Loaded[T]] = field(default_factory=OrderedDict)  # the last is the last good one
    _refused: dict[str, tuple[_Stamp, float, str]] = field(default_factory=dict)  # and until when, and why
    _default: tuple[Path, str] = (Path(), "")

    def begin(self, path: Path, sha256: str) -> T:
        """Load the one for jobs that name none, whose file's hash is `sha256`. Raises CheckpointError."""
        self._default = path, sha256
        self._loaded[sha256] = Loaded(self.load(path, sha256), 0)
        return self._loaded[sha256].sampler

    def of(self, job: Job) -> tuple[Loaded[T], str]:
        """What to compose `job` with, and a line that says why it is not its own version; empty where it is."""
        path, sha256 = (Path(job.checkpoint), job.sha256) if job.checkpoint else self._default
        key = sha256 or str(path)
        if key not in self._loaded and (reason := self._refusal(key, path, sha256)):
            spare = next(reversed(self._loaded.values()))
            return spare, f"version {job.version} cannot be used: {reason}"
        loaded = self._loaded[key]
        if job.version and not loaded.version:
            loaded = self._loaded[key] = Loaded(loaded.sampler, job.version)
        self._loaded.move_to_end(key)
        return loaded, ""

    def _refusal(self, key: str, path: Path, sha256: str) -> str:
        """Load a version, or say why not, without reading a file again that has not changed since."""
        stamp, until, reason = self._refused.get(key, (None, 0.0, ""))
        if time.monotonic() < until and stamp == _stamp(path):
            return reason
        stamp = _stamp(path)
        try:
            self._loaded[key] = Loaded(self.load(path, sha256), 0)
        except CheckpointError as error:
            self._refused[key] = stamp, time.monotonic() + AGAIN, str(error)
            log.error("refused: %s", error)
            return str(error)
        self._refused.pop(key, None)
        while len(self._loaded) > self.keep:
            self._loaded.popitem(last=False)
        return ""


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ctime_ns, status.st_size
