"""A bot's lease: how long its claims hold, by the database's own clock."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.queries import Queries
from bot.store.tables import now

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Lease:
    """A bot's id, and for how many seconds after its last sign of life other bots respect its claims."""

    bot: str
    seconds: float

    def values(self, connection: AsyncConnection) -> dict[str, Any]:
        """The columns of a prompt that this bot claims now."""
        return {"bot": self.bot, "leased_until": clock(connection) + timedelta(seconds=self.seconds)}


class LeasedQueries(Queries):
    """Queries of which those that depend on this bot's claims are `LeasedWrite`."""

    def __init__(self, database: Database, lease: Lease) -> None:
        super().__init__(database)
        self._lease = lease


class LeasedWrite(Generic[P, T]):
    """As Write, for a change that is also passed this bot's lease."""

    def __init__(self, change: Callable[Concatenate[AsyncConnection, Lease, P], Awaitable[T]]) -> None:
        self._change = change

    def __get__(self, queries: LeasedQueries, _owner: type[LeasedQueries]) -> Callable[P, Coroutine[Any, Any, T]]:
        async def write(*args: P.args, **kw: P.kwargs) -> T:
            return await queries._database.write(self._change, queries._lease, *args, **kw)

        return write


def clock(connection: AsyncConnection) -> Any:
    """The present, by the one clock that all bots on this database share."""
    return func.clock_timestamp() if is_server(connection) else now()


def is_server(connection: AsyncConnection) -> bool:
    """Whether several bots may work on the database."""
    return connection.dialect.name == "postgresql"
