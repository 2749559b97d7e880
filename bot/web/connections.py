"""Connections to the page: not more than there are descriptors for, and none that does nothing for ever."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.core import descriptors

MOST = 1000


@dataclass(frozen=True)
class ConnectionLimits:
    """`most` connections at once. In seconds: `idle` until a request, or the next one, has come whole up to its body;
    `body` for that; `blocked` in which a client takes nothing of a response.
    """

    most: int = MOST
    idle: float = 30.0
    body: float = 20.0
    blocked: float = 60.0


@dataclass
class Connections:
    """All open connections; `protocol` makes aiohttp's handler of one. Called by a server as its protocol factory."""

    protocol: Callable[[], asyncio.Protocol]
    limits: ConnectionLimits
    refused: int = 0
    open: "set[_Connection]" = field(default_factory=set)

    def __call__(self) -> asyncio.Protocol:
        return _Connection(self, self.protocol())

    def admit(self, new: "_Connection") -> bool:
        """Whether there is room; the connection that has been idle for longest makes room for a new one."""
        if len(self.open) >= min(self.limits.most, descriptors.spare()):
            idle = [one for one in self.open if one.idle_since is not None]
            if not idle:
                self.refused += 1
                return False
            min(idle, key=lambda one: one.idle_since or 0.0).abort()
        self.open.add(new)
        return True

    async def watch(self) -> None:
        """End connections that are past their time, until cancelled."""
        pause = min(self.limits.idle, self.limits.blocked) / 4
        while True:
            await asyncio.sleep(pause)
            now = time.monotonic()
            for one in list(self.open):
                if one.is_late(now, self.limits):
                    one.abort()


class _Connection(asyncio.Protocol):
    """Hands everything to aiohttp's handler, and keeps since when nothing happens."""

    def __init__(self, connections: Connections, inner: asyncio.Protocol) -> None:
        self._connections, self._inner = connections, inner
        self._transport: asyncio.Transport | None = None
        self._blocked_since: float | None = None
        self.idle_since: float | None = time.monotonic()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """While a request is being answered the connection is not idle."""
        self.idle_since = None
        try:
            yield
        finally:
            self.idle_since = time.monotonic()

    def is_late(self, now: float, limits: ConnectionLimits) -> bool:
        waits = (self.idle_since, limits.idle), (self._blocked_since, limits.blocked)
        return any(since is not None and now - since > most for since, most in waits)

    def abort(self) -> None:
        self._connections.open.discard(self)
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._inner.connection_made(transport)
        if not self._connections.admit(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._blocked_since = time.monotonic()
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._blocked_since = None
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.open.discard(self)
        self._inner.connection_lost(exc)


def watched(limits: ConnectionLimits) -> Middleware:
    """Middleware: a connection is at work while a handler has its request, whose body has come in time."""

    @web.middleware
    async def work(request: web.Request, handler: Handler) -> web.StreamResponse:
        connection = request.transport.get_protocol() if request.transport else None
        with connection.at_work() if isinstance(connection, _Connection) else nullcontext():
            if request.body_exists:
                try:
                    async with asyncio.timeout(limits.body):
                        await request.read()
                except TimeoutError:
                    raise web.HTTPRequestTimeout from None
            return await handler(request)

    return work
