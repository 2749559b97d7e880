"""The gateway of the loopback Discord: it welcomes, passes on events, resumes, and refuses as the real one does."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.bot.discord.payloads import APP, GUILD, guild_payload, user_payload

ADDRESS = "wss://gateway.discord.gg"


@dataclass
class Gateway:
    """`refusals` are close codes that answer the next who identify or resume."""

    identified: list[dict[str, Any]] = field(default_factory=list)
    resumed: int = 0
    refusals: list[int] = field(default_factory=list)
    _events: list[str] = field(default_factory=list)  # all that was ever dispatched, by sequence
    _sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(_operation(10, {"heartbeat_interval": 41_250}))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._heard(socket, json.loads(message.data))
        return socket

    async def dispatch(self, name: str, data: dict[str, Any]) -> None:
        """Tell the bot of an event, now or when it resumes."""
        event = json.dumps({"op": 0, "t": name, "s": len(self._events) + 1, "d": data})
        self._events.append(event)
        await self._send(event)

    async def send(self, op: int, data: Any) -> None:
        await self._send(_operation(op, data))

    async def close(self, code: int) -> None:
        for socket in self._sockets:
            await socket.close(code=code)

    async def drop(self) -> None:
        """Cut the line without a word."""
        for socket in self._sockets:
            if socket._req and socket._req.transport:
                socket._req.transport.abort()
        self._sockets = []

    async def _heard(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> None:
        match said["op"]:
            case 1:
                await socket.send_str(_operation(11))
            case 2 | 6 if self.refusals:
                await socket.close(code=self.refusals.pop(0))
            case 2:
                await self._welcome(socket, said["d"])
            case 6:
                await self._resume(socket, said["d"]["seq"])

    async def _resume(self, socket: web.WebSocketResponse, sequence: int) -> None:
        self.resumed += 1
        self._sockets = [socket]
        for event in self._events[sequence:]:
            await socket.send_str(event)
        await self.dispatch("RESUMED", {})

    async def _welcome(self, socket: web.WebSocketResponse, identity: dict[str, Any]) -> None:
        self.identified.append(identity)
        self._sockets = [socket]
        self._events.clear()
        user = user_payload(int(APP), "tunesmith", bot=True)
        ready = {"v": 10, "user": user, "guilds": [{"id": GUILD, "unavailable": True}], "session_id": "s"}
        ready |= {"resume_gateway_url": ADDRESS, "application": {"id": APP, "flags": 0}}
        await self.dispatch("READY", {**ready, "shard": identity.get("shard", [0, 1])})
        await self.dispatch("GUILD_CREATE", guild_payload())

    async def _send(self, text: str) -> None:
        for socket in self._sockets:
            if not socket.closed:
                await socket.send_str(text)


def _operation(op: int, data: Any = None) -> str:
    return json.dumps({"op": op, "d": data, "s": None, "t": None})
