"""Repeats calls while the database's server does not answer."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from bot.core.errors import StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST_WAIT, LONGEST_WAIT = 0.2, 3.0  # seconds before the next call


async def retry_while_unavailable(call: Callable[P, Awaitable[T]], *args: P.args, **kw: P.kwargs) -> T:
    """The result of `call`, which is repeated while it raises StoreUnavailable, so its change may be stored twice."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(StoreUnavailable), wait=wait_exponential(min=SHORTEST_WAIT, max=LONGEST_WAIT)
    )
    return await retrying(call, *args, **kw)
