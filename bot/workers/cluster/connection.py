"""The connection to Redis: its errors, retries, and log lines about outages."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

from redis.exceptions import AuthenticationError, RedisError, ResponseError
from tenacity import AsyncRetrying, retry_if_exception_type, wait_fixed

P = ParamSpec("P")
T = TypeVar("T")

RETRY_AFTER = 0.5  # seconds before Redis, which was unavailable, is asked again

log = logging.getLogger(__name__)


class BrokerUnavailable(Exception):
    """Redis cannot be reached, or does not answer; another try may succeed."""


class BrokerRefuses(BrokerUnavailable):
    """Redis refuses the password or the command."""


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Raises redis-py's errors as BrokerUnavailable or BrokerRefuses, each of one line."""
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


async def retry_while_unavailable(call: Callable[P, Awaitable[T]], *args: P.args, **kw: P.kwargs) -> T:
    """What `call` gives; while Redis is unavailable, it is made again. It may be carried out twice."""
    retrying = AsyncRetrying(retry=retry_if_exception_type(BrokerUnavailable), wait=wait_fixed(RETRY_AFTER))
    return await retrying(call, *args, **kw)


class ConnectionState:
    """Logs once that Redis is unavailable, and once that it is available again.

    Loops that talk to Redis for as long as they run tell it of each result. They retry by hand: each of their rounds
    asks for something new.
    """

    def __init__(self, address: str, consequence: str) -> None:
        self.available = True
        self._address, self._consequence = address, consequence

    def lost(self, error: BrokerUnavailable) -> None:
        if self.available:
            log.error("Redis at %s is unavailable (%s): %s", self._address, error, self._consequence)
        self.available = False

    def restored(self) -> None:
        if not self.available:
            log.warning("Redis at %s is available again", self._address)
        self.available = True


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: redis-py now and then swallows a cancellation."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
