"""The versions that a worker has in memory: loaded on first use, verified, the last few kept, bad ones refused."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from cachetools import LRUCache, TTLCache

from model.errors import CheckpointError
from model.worker.protocol import Job

T = TypeVar("T")
_Stamp = tuple[int, int] | None  # ctime and size of a file; None for one that is not there
_MOST_REFUSALS = 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """A sampler and the number of its version; 0 for the one the worker was started with."""

    sampler: T
    version: int


class Versions(Generic[T]):
    """At most `keep` versions at once. `load(path, sha256)` reads one; CheckpointError for a file that is no good.

    What is loaded is known by its hash: a file that is replaced on the disk does no harm to a version in use. A refused
    file is read again once it has changed, or after `retry_after` seconds.
    """

    def __init__(self, load: Callable[[Path, str], T], keep: int, retry_after: float = 60.0) -> None:
        self._load = load
        self._loaded: LRUCache[str, Loaded[T]] = LRUCache(max(1, keep))
        self._refused: TTLCache[str, tuple[_Stamp, str]] = TTLCache(_MOST_REFUSALS, retry_after)  # and why
        self._default = Path(), ""

    def load_default(self, path: Path, sha256: str) -> T:
        """Load the one for jobs that name none, whose file's hash is `sha256`. Raises CheckpointError."""
        self._default = path, sha256
        self._last_used = self._loaded[sha256] = Loaded(self._load(path, sha256), 0)
        return self._last_used.sampler

    def for_job(self, job: Job) -> tuple[Loaded[T], str]:
        """What to compose `job` with, and a line that says why it is not its own version; empty where it is."""
        path, sha256 = (Path(job.checkpoint), job.sha256) if job.checkpoint else self._default
        key = sha256 or str(path)
        if key not in self._loaded and (reason := self._refusal(key, path, sha256)):
            return self._last_used, f"version {job.version} cannot be used: {reason}"
        loaded = self._loaded[key]
        if job.version and not loaded.version:
            loaded = self._loaded[key] = Loaded(loaded.sampler, job.version)
        self._last_used = loaded
        return loaded, ""

    def _refusal(self, key: str, path: Path, sha256: str) -> str:
        """Load a version, or say why not, without reading a file again that has not changed since."""
        stamp, reason = self._refused.get(key, (None, ""))
        if reason and stamp == _stamp(path):
            return reason
        stamp = _stamp(path)
        try:
            self._loaded[key] = Loaded(self._load(path, sha256), 0)
        except CheckpointError as error:
            self._refused[key] = stamp, str(error)
            log.error("refused: %s", error)
            return str(error)
        self._refused.pop(key, None)
        return ""


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ctime_ns, status.st_size
