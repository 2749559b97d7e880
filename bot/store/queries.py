"""Query functions as methods: each is written once, and called without its connection."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")


class Queries:
    """The queries of one subject: `Read` and `Write` in its subclasses are the methods."""

    def __init__(self, database: Database) -> None:
        self._database = database


class Read(Generic[P, T]):
    """A method that runs `query` in a transaction that only reads, so that all it finds is from one moment."""

    def __init__(self, query: Callable[Concatenate[AsyncConnection, P], Awaitable[T]]) -> None:
        self._query = query

    def __get__(self, queries: Queries, _owner: type[Queries]) -> Callable[P, Coroutine[Any, Any, T]]:
        async def read(*args: P.args, **kw: P.kwargs) -> T:
            return await queries._database.read(self._query, *args, **kw)

        return read


class Write(Generic[P, T]):
    """A method that runs `change` in a transaction of its own: all of it is stored, or on an exception none of it."""

    def __init__(self, change: Callable[Concatenate[AsyncConnection, P], Awaitable[T]]) -> None:
        self._change = change

    def __get__(self, queries: Queries, _owner: type[Queries]) -> Callable[P, Coroutine[Any, Any, T]]:
        async def write(*args: P.args, **kw: P.kwargs) -> T:
            return await queries._database.write(self._change, *args, **kw)

        return write
