"""Checkpoints on their way through Redis to workers that lack them, in parts; and what its failures become.

A worker behind a router reaches Redis alone, so files come to it through Redis: it asks for a hash, a bot that can
find the file brings it, and it is gone again after a while.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from redis.exceptions import AuthenticationError, RedisError, ResponseError

T = TypeVar("T")

AGAIN = 0.5  # seconds before Redis, which was away, is asked again
PART = 1 << 20  # bytes
LASTS = 600  # seconds that a file stays


class BrokerUnavailable(Exception):
    """Redis cannot be reached, or does not answer; asking again is right."""


class BrokerRefuses(BrokerUnavailable):
    """Redis does not take the password, or what it is asked for."""


@contextlib.contextmanager
def failures() -> Iterator[None]:
    """What redis-py raises leaves as BrokerUnavailable or BrokerRefuses."""
    try:
        yield
    except AuthenticationError as error:
        raise BrokerRefuses(_line(error)) from error
    except ResponseError as error:
        if str(error).startswith(("NOAUTH", "WRONGPASS", "NOPERM", "ERR", "WRONGTYPE")):
            raise BrokerRefuses(_line(error)) from error
        raise BrokerUnavailable(_line(error)) from error
    except (RedisError, OSError, TimeoutError) as error:
        raise BrokerUnavailable(_line(error)) from error


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks, again if need be, until they have ended: redis-py now and then swallows a cancellation."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)


async def retry_while_unavailable(call: Callable[[], Awaitable[T]]) -> T:
    """What `call` gives; while Redis is away, it is made again and again."""
    while True:
        try:
            return await call()
        except BrokerUnavailable:
            await asyncio.sleep(AGAIN)


def read_whole(path: Path, sha256: str) -> bytes | None:
    """The file with this hash; None where it is gone or damaged. Blocks."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


class Files:
    """Files by their SHA-256. Calls raise BrokerUnavailable."""

    def __init__(self, redis: Any, prefix: str) -> None:
        self._redis, self._prefix = redis, prefix

    async def ask_for(self, sha256: str) -> None:
        with failures():
            await self._redis.sadd(f"{self._prefix}:wanted", sha256)

    async def asked_for(self) -> set[str]:
        with failures():
            return {name.decode() for name in await self._redis.smembers(f"{self._prefix}:wanted")}

    async def bring(self, sha256: str, data: bytes) -> None:
        """Put a file where workers find it, unless it is there or another bot is bringing it."""
        with failures():
            if not await self._redis.set(f"{self._prefix}:bringing:{sha256}", 1, nx=True, ex=LASTS // 10):
                return
            parts = [data[start : start + PART] for start in range(0, len(data), PART)]
            for number, part in enumerate(parts):
                await self._redis.set(f"{self._file(sha256)}:{number}", part, ex=LASTS)
            await self._redis.set(self._file(sha256), len(parts), ex=LASTS // 2)  # before its parts go, it goes
            await self._redis.srem(f"{self._prefix}:wanted", sha256)

    async def get(self, sha256: str) -> bytes | None:
        """A file that was brought, as it came; None where it was not."""
        with failures():
            parts = int(await self._redis.get(self._file(sha256)) or 0)
            data = [await self._redis.get(f"{self._file(sha256)}:{number}") or b"" for number in range(parts)]
        return b"".join(data) if parts else None

    async def drop(self, sha256: str) -> None:
        """It is not what its hash says: let it be brought again."""
        with failures():
            await self._redis.delete(self._file(sha256), f"{self._prefix}:bringing:{sha256}")

    async def remove(self, sha256: str) -> None:
        """Whoever asked for a file has it, or wants it no more."""
        with failures():
            parts = int(await self._redis.get(self._file(sha256)) or 0)
            await self._redis.unlink(*(f"{self._file(sha256)}:{number}" for number in range(parts)), self._file(sha256))
            await self._redis.delete(f"{self._prefix}:bringing:{sha256}")
            await self._redis.srem(f"{self._prefix}:wanted", sha256)

    def _file(self, sha256: str) -> str:
        return f"{self._prefix}:file:{sha256}"
