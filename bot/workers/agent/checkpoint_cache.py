"""The checkpoints that a worker has on its disk, by hash; what it lacks is requested and verified before it is used."""

import asyncio
import hashlib
import logging
import re
from dataclasses import dataclass, field
from pathlib import Path

from cachetools import LRUCache

from bot.core.errors import WorkerError
from bot.workers.cluster.files import Files
from model.files import write_atomically

_NAME = re.compile(r"[0-9a-f]{64}\.safetensors")

log = logging.getLogger(__name__)


@dataclass
class CheckpointCache:
    """Files in `folder`, beside `own`, which need not be fetched; the `size` that were used last stay.

    A file that is fetched is looked for every `poll` seconds and requested every `request_every`, for `timeout`.
    """

    folder: Path
    files: Files
    own: dict[str, Path] = field(default_factory=dict)
    size: int = 20
    poll: float = 0.2
    request_every: float = 5.0
    timeout: float = 60.0
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._fetched: LRUCache[str, None] = LRUCache(self.size)

    def held(self) -> set[str]:
        """The hashes of all that is here; fetched files were verified when they came."""
        return {*self.own, *self._fetched}

    def load(self) -> None:
        """Find what an earlier run fetched. A file that is not what its name says is removed. Blocks."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        for path in sorted(files, key=lambda path: path.stat().st_mtime):
            if hashlib.sha256(path.read_bytes()).hexdigest() == path.stem:
                for evicted in self._use(path.stem):
                    evicted.unlink(missing_ok=True)
            else:
                path.unlink(missing_ok=True)

    async def path(self, sha256: str) -> Path:
        """The file with this hash, fetched if need be. WorkerError where nobody uploads it; BrokerUnavailable."""
        if sha256 in self.own:
            return self.own[sha256]
        path = self._path(sha256)
        async with self._locks.setdefault(sha256, asyncio.Lock()):
            if sha256 not in self._fetched or not await asyncio.to_thread(path.is_file):
                data = await self.fetch(sha256)
                await asyncio.to_thread(write_atomically, path, data)
            for evicted in self._use(sha256):
                await asyncio.to_thread(evicted.unlink, missing_ok=True)
        return path

    async def fetch(self, sha256: str) -> bytes:
        """The bytes of a file that is not kept here. WorkerError where nobody uploads it; BrokerUnavailable."""
        loop = asyncio.get_running_loop()
        until, next_request = loop.time() + self.timeout, 0.0
        while loop.time() < until:
            if data := await self._download(sha256):
                return data
            if loop.time() >= next_request:
                next_request = loop.time() + self.request_every
                await self.files.request(sha256)
            await asyncio.sleep(self.poll)
        raise WorkerError(f"no bot brought the file {sha256[:12]} within {self.timeout:g} s")

    async def _download(self, sha256: str) -> bytes | None:
        """A file that was uploaded, once it is whole; a damaged one is discarded, and will be requested again."""
        data = await self.files.download(sha256)
        if data is None:
            return None
        if hashlib.sha256(data).hexdigest() == sha256:
            log.info("fetched file %s, %d bytes", sha256[:12], len(data))
            return data
        log.error("file %s was damaged on the way; requesting it again", sha256[:12])
        await self.files.discard(sha256)
        return None

    def _use(self, sha256: str) -> list[Path]:
        """Note that a file was used; the files to delete, which were not for the longest."""
        evicted = []
        while sha256 not in self._fetched and len(self._fetched) >= self.size:
            oldest, _ = self._fetched.popitem()
            evicted.append(self._path(oldest))
        self._fetched[sha256] = None
        return evicted

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.safetensors"
