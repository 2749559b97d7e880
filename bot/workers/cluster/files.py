"""Files that travel through Redis in parts, by their SHA-256: checkpoints, votes and candidates.

A worker behind a router reaches Redis alone, so files come to it through Redis: it requests a hash, a bot that can find
the file uploads it, and it expires after a while.
"""

import hashlib
from pathlib import Path
from typing import Any

from bot.workers.cluster.connection import translated_errors

PART = 1 << 20  # bytes
EXPIRES = 600  # seconds after which an uploaded file is gone


class Files:
    """Files by their SHA-256. Calls raise BrokerUnavailable."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self._redis, self._prefix = redis, prefix

    async def request(self, sha256: str) -> None:
        """Ask whoever has a file to upload it."""
        with translated_errors():
            await self._redis.sadd(self._requests, sha256)

    async def requested(self) -> set[str]:
        with translated_errors():
            return {name.decode(errors="replace") for name in await self._redis.smembers(self._requests)}

    async def upload(self, sha256: str, data: bytes) -> None:
        """Put a file into Redis, unless it is there or another bot is uploading it."""
        with translated_errors():
            if not await self._redis.set(self._upload_lock(sha256), 1, nx=True, ex=EXPIRES // 10):
                return
            parts = [data[start : start + PART] for start in range(0, len(data), PART)]
            for number, part in enumerate(parts):
                await self._redis.set(f"{self._file(sha256)}:{number}", part, ex=EXPIRES)
            await self._redis.set(self._file(sha256), len(parts), ex=EXPIRES // 2)  # it expires before its parts do
            await self._redis.srem(self._requests, sha256)

    async def download(self, sha256: str) -> bytes | None:
        """A file that was uploaded, unverified; None where it was not."""
        with translated_errors():
            parts = await self._parts(sha256)
            data = [await self._redis.get(f"{self._file(sha256)}:{number}") or b"" for number in range(parts)]
        return b"".join(data) if parts else None

    async def discard(self, sha256: str) -> None:
        """Let a file that was damaged be uploaded again."""
        with translated_errors():
            await self._redis.delete(self._file(sha256), self._upload_lock(sha256))

    async def remove(self, sha256: str) -> None:
        """Delete a file that nobody needs any more, and the request for it."""
        with translated_errors():
            parts = await self._parts(sha256)
            await self._redis.unlink(*(f"{self._file(sha256)}:{number}" for number in range(parts)), self._file(sha256))
            await self._redis.delete(self._upload_lock(sha256))
            await self._redis.srem(self._requests, sha256)

    async def _parts(self, sha256: str) -> int:
        """How many parts a file has; 0 where it was not uploaded, or that is no number of parts."""
        text = await self._redis.get(self._file(sha256)) or b"0"
        return int(text) if text.isdigit() and len(text) < 5 else 0

    @property
    def _requests(self) -> str:
        return f"{self._prefix}:wanted"

    def _file(self, sha256: str) -> str:
        return f"{self._prefix}:file:{sha256}"

    def _upload_lock(self, sha256: str) -> str:
        return f"{self._prefix}:bringing:{sha256}"


def read_whole(path: Path, sha256: str) -> bytes | None:
    """The file with this hash; None where it is missing or damaged. Blocks."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None
