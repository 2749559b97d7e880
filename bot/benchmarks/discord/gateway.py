"""The gateway of the loopback Discord: identify, dispatch, resume, and close with an error code."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.benchmarks.discord.payloads import APP, GUILD, SECOND, guild_payload, user_payload

ADDRESS = "wss://gateway.discord.gg"


@dataclass
class _Session:
    """The events that one shard was sent, by sequence number, and its connection."""

    socket: web.WebSocketResponse | None
    events: list[str] = field(default_factory=list)

    async def dispatch(self, name: str, data: dict[str, Any]) -> None:
        event = json.dumps({"op": 0, "t": name, "s": len(self.events) + 1, "d": data})
        self.events.append(event)
        await self.send(event)

    async def send(self, text: str) -> None:
        if self.socket and not self.socket.closed:
            await self.socket.send_str(text)


@dataclass
class Gateway:
    """`refusals` are close codes for the next attempts to identify or resume."""

    identified: list[dict[str, Any]] = field(default_factory=list)
    resumed: int = 0
    refusals: list[int] = field(default_factory=list)
    _shards: int = 1
    _sessions: dict[int, _Session] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(_operation(10, {"heartbeat_interval": 41_250}))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._receive(socket, json.loads(message.data))
        return socket

    @property
    def guilds(self) -> list[str]:
        """The servers that the application is on: one on each shard."""
        return [GUILD, SECOND][: self._shards]

    async def dispatch(self, name: str, data: dict[str, Any]) -> None:
        """Send an event to the bot that has its shard, now or when it resumes."""
        await self._sessions[self._shard(data.get("guild_id"))].dispatch(name, data)

    async def send(self, op: int, data: Any) -> None:
        for session in self._sessions.values():
            await session.send(_operation(op, data))

    async def close(self, code: int) -> None:
        for session in self._sessions.values():
            if session.socket:
                await session.socket.close(code=code)

    async def drop(self) -> None:
        """Lose all connections without a close frame."""
        for session in self._sessions.values():
            if session.socket and session.socket._req and session.socket._req.transport:
                session.socket._req.transport.abort()
            session.socket = None

    def _shard(self, guild: str | None) -> int:
        """The shard of a server, by Discord's formula; events outside servers go to the first."""
        return (int(guild or 0) >> 22) % self._shards

    async def _receive(self, socket: web.WebSocketResponse, payload: dict[str, Any]) -> None:
        match payload["op"]:
            case 1:
                await socket.send_str(_operation(11))
            case 2 | 6 if self.refusals:
                await socket.close(code=self.refusals.pop(0))
            case 2:
                await self._identify(socket, payload["d"])
            case 6:
                await self._resume(socket, int(payload["d"]["session_id"]), payload["d"]["seq"])

    async def _resume(self, socket: web.WebSocketResponse, shard: int, sequence: int) -> None:
        self.resumed += 1
        session = self._sessions[shard]
        session.socket = socket
        for event in session.events[sequence:]:
            await socket.send_str(event)
        await session.dispatch("RESUMED", {})

    async def _identify(self, socket: web.WebSocketResponse, identity: dict[str, Any]) -> None:
        shard, self._shards = identity.get("shard", [0, 1])
        session = self._sessions[shard] = _Session(socket)
        user = user_payload(int(APP), "tunesmith", bot=True)
        guild = (GUILD, SECOND)[shard]
        ready = {"v": 10, "user": user, "session_id": str(shard), "shard": [shard, self._shards]}
        ready |= {"guilds": [{"id": guild, "unavailable": True}]}
        ready |= {"resume_gateway_url": ADDRESS, "application": {"id": APP, "flags": 0}}
        await session.dispatch("READY", ready)
        await session.dispatch("GUILD_CREATE", guild_payload(guild))
        self.identified.append(identity)


def _operation(op: int, data: Any = None) -> str:
    return json.dumps({"op": op, "d": data, "s": None, "t": None})
