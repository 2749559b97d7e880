"""The checkpoints that a worker has on its disk, by hash; what it lacks is asked for and verified before it is used."""

import asyncio
import hashlib
import logging
import os
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.errors import WorkerError
from bot.workers.cluster.files import Files

LOOK_EVERY = 0.2  # seconds
ASK_EVERY = 5.0
PATIENCE = 60.0  # seconds that a file may take to come
KEPT = 20  # fetched files; beyond them, the one that was not used for the longest goes

_NAME = re.compile(r"[0-9a-f]{64}\.safetensors")

log = logging.getLogger(__name__)


@dataclass
class Cache:
    """Files in `folder`, beside `own`, which need not be fetched."""

    folder: Path
    files: Files
    own: dict[str, Path] = field(default_factory=dict)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)  # the one used last is last

    def held(self) -> set[str]:
        """The hashes of all that is here; what lies in the folder was verified when it came."""
        return {*self.own, *self._known}

    def find(self) -> None:
        """Look at what an earlier run left. A file that is not what its name says is removed. Blocks."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ours = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        for path in sorted(ours, key=lambda path: path.stat().st_mtime):
            if hashlib.sha256(path.read_bytes()).hexdigest() == path.stem:
                self._known[path.stem] = None
            else:
                path.unlink(missing_ok=True)

    async def path(self, sha256: str) -> Path:
        """The file with this hash, fetched if need be. WorkerError where nobody brings it; BrokerAway."""
        if sha256 in self.own:
            return self.own[sha256]
        path = self.folder / f"{sha256}.safetensors"
        async with self._locks.setdefault(sha256, asyncio.Lock()):
            if sha256 not in self._known or not await asyncio.to_thread(path.is_file):
                data = await self.fetch(sha256)
                await asyncio.to_thread(_write, path, data)
            self._known[sha256] = None
            self._known.move_to_end(sha256)
        while len(self._known) > KEPT:
            oldest, _ = self._known.popitem(last=False)
            await asyncio.to_thread((self.folder / f"{oldest}.safetensors").unlink, missing_ok=True)
        return path

    async def fetch(self, sha256: str) -> bytes:
        """The bytes of a file that is not kept here. WorkerError where nobody brings it; BrokerAway."""
        until = asyncio.get_running_loop().time() + PATIENCE
        asked_at = -ASK_EVERY
        while (now := asyncio.get_running_loop().time()) < until:
            data = await self.files.get(sha256)
            if data is not None:
                if hashlib.sha256(data).hexdigest() == sha256:
                    log.info("file %s has come, %d bytes", sha256[:12], len(data))
                    return data
                log.error("file %s did not come whole; asking again", sha256[:12])
                await self.files.drop(sha256)
            if now - asked_at >= ASK_EVERY:
                await self.files.ask_for(sha256)
                asked_at = now
            await asyncio.sleep(LOOK_EVERY)
        raise WorkerError(f"no bot brought the file {sha256[:12]} within {PATIENCE:g} s")


def _write(path: Path, data: bytes) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)
