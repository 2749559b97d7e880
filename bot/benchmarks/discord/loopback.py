"""A loopback Discord: REST API and gateway in one server, in a thread of its own, to script and to inspect.

It keeps all requests and the present state of all messages. A bot connects through `bot.benchmarks.discord.connector`.
"""

import asyncio
import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic, sleep
from typing import Any

import trustme
from aiohttp import web

from bot.benchmarks.discord.connector import server_context
from bot.benchmarks.discord.gateway import ADDRESS, Gateway
from bot.benchmarks.discord.payloads import (
    APP,
    CHANNEL,
    application_payload,
    attachments_payload,
    interaction_payload,
    message_payload,
    partial_guild_payload,
    user_payload,
)
from bot.benchmarks.discord.strictness import Strictness

TOKEN = "a-token.that-stays.secret"
_ORIGINAL = re.compile(r"/webhooks/\d+/(?P<token>[^/]+)/messages/@original")
_MESSAGE = re.compile(r"/channels/\d+/messages/(?P<id>\d+)")


@dataclass
class Request:
    """One request of a bot: its JSON body, and the names of the uploaded files by form field, such as `files[0]`."""

    method: str
    path: str
    body: Any = None
    files: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Loopback:
    """Scripted from another thread. `failures` are (pattern, answer) of the next requests whose path contains it."""

    authority: str = ""  # the certificate of the authority that issued the server's, as PEM
    port: int = 0
    gateway: Gateway = field(default_factory=Gateway)
    requests: list[Request] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    responses: dict[str, str] = field(default_factory=dict)  # interaction token -> message id
    uploads: dict[str, bytes] = field(default_factory=dict)  # the newest file of each name
    dispatched: dict[str, float] = field(default_factory=dict)  # interaction token -> when it was sent to the bot
    acknowledged: dict[str, float] = field(default_factory=dict)  # interaction token -> when the bot responded
    expired: set[str] = field(default_factory=set)  # interaction tokens
    failures: list[tuple[str, web.Response]] = field(default_factory=list)
    strict: Strictness = field(default_factory=Strictness)
    _channels: dict[str, str] = field(default_factory=dict)  # interaction token -> channel
    _clicked: dict[str, str] = field(default_factory=dict)  # interaction token -> message with the button
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_000))
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    # for its user

    def slash(
        self, options: dict[str, Any], user: int = 7, name: str = "compose", where: dict[str, Any] | None = None
    ) -> str:
        """Dispatch a slash command, such as `model status`, and give the interaction's token.

        `where` is IN_SECOND, STRANGE_SERVER, GROUP, or BY_ADMIN.
        """
        types = {str: 3, int: 4, bool: 5, float: 10}
        sent = [{"name": key, "type": types[type(value)], "value": value} for key, value in options.items()]
        command, _, subcommand = name.partition(" ")
        inner = [{"name": subcommand, "type": 1, "options": sent}] if subcommand else sent
        return self._interaction(2, user, {"id": "1", "name": command, "type": 1, "options": inner}, where or {})

    def click(self, message_id: str, custom_id: str, user: int = 7) -> str:
        """Dispatch a click on a button of a message and give the interaction's token."""
        message = {**self.messages[message_id]}
        return self._interaction(3, user, {"custom_id": custom_id, "component_type": 2}, {}, message=message)

    def drop(self) -> None:
        """Lose all gateway connections without a close frame."""
        self._call(self.gateway.drop())

    def send(self, op: int, data: Any = None) -> None:
        """Send a gateway operation, such as 7 (reconnect) or 9 (invalid session)."""
        self._call(self.gateway.send(op, data))

    def close(self, code: int) -> None:
        """Close the connection for a reason, such as 4004 (authentication failed)."""
        self._call(self.gateway.close(code))

    def answer(self, token: str) -> dict[str, Any] | None:
        """The message that responds to an interaction, as it is now."""
        return self.messages.get(self.responses.get(token, ""))

    def until(self, condition: Callable[[], Any], seconds: float = 40.0) -> Any:
        """Wait for a condition, and give its value."""
        end = monotonic() + seconds
        while not (value := condition()):
            assert monotonic() < end, f"the condition was never met; the last requests: {self.requests[-3:]}"
            sleep(0.01)
        return value

    # for the bot

    def app(self) -> web.Application:
        app = web.Application(client_max_size=30_000_000)
        app.router.add_get("/", self.gateway.handle)
        app.router.add_route("*", "/api/v10/{path:.*}", self._rest)
        return app

    async def _rest(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        body, files = await _content(request)
        names = {field: name for field, (name, _) in files.items()}
        self.uploads |= dict(files.values())
        self.requests.append(Request(request.method, path, body, names, dict(request.query)))
        for index, (pattern, failure) in enumerate(self.failures):
            if pattern in path:
                del self.failures[index]
                return failure
        if request.headers.get("Authorization") != f"Bot {TOKEN}" and path.startswith("/users"):
            return reply({"message": "401: Unauthorized", "code": 0}, 401)
        sizes = {name: len(data) for name, data in files.values()}
        if refusal := self._refusal(request.method, path, body, sizes):
            status, code, message = refusal
            return reply({"message": message, "code": code}, status)
        return self._respond(request.method, path, body, sizes)

    def _refusal(self, method: str, path: str, body: Any, files: dict[str, int]) -> tuple[int, int, str] | None:
        if refusal := self.strict.of_body(body, files):
            return refusal
        if path.endswith("/callback"):
            token = path.split("/")[3]
            return self.strict.of_channel(self._channels.get(token, ""), "response") or self.strict.of_response(token)
        if path.startswith("/webhooks/"):
            return self.strict.of_channel(self._channels.get(path.split("/")[3], ""), "response")
        if method == "PATCH" and (match := _MESSAGE.fullmatch(path)):
            return self.strict.of_channel(path.split("/")[2], "edit") or self.strict.of_edit(match["id"])
        if method == "POST" and path.startswith("/channels/"):
            return self.strict.of_channel(path.split("/")[2], "message")
        return None

    def _respond(self, method: str, path: str, body: Any, files: dict[str, int]) -> web.Response:
        if path == "/users/@me":
            return reply(user_payload(int(APP), "tunesmith", bot=True))
        if path == "/users/@me/guilds":
            return reply([partial_guild_payload(guild) for guild in self.gateway.guilds])
        if path == "/oauth2/applications/@me":
            return reply(application_payload())
        if path == "/gateway/bot":
            limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
            return reply({"url": ADDRESS, "shards": 1, "session_start_limit": limit})
        if path.endswith("/commands"):
            made = {"id": "1", "application_id": APP, "version": "1", "description": ""}  # of a context menu: empty
            return reply([{**made, **command} for command in body])
        if path.endswith("/callback"):
            return self._callback(path.split("/")[3], body)
        if (match := _ORIGINAL.fullmatch(path)) and match["token"] in self.expired:
            return reply({"message": "Invalid Webhook Token", "code": 50027}, 401)
        if match:
            return self._change(method, self.responses.get(match["token"], ""), body, files)
        if path.startswith("/webhooks/"):
            return self._new(body, files)
        if path.startswith("/channels/") and path.split("/")[2] != CHANNEL:
            return reply({"message": "Missing Access", "code": 50001}, 403)
        if match := _MESSAGE.fullmatch(path):
            return self._change(method, match["id"], body, files)
        if path == f"/channels/{CHANNEL}/messages":
            return self._new(body, files)
        return reply({"message": "404: Not Found", "code": 0}, 404)

    def _callback(self, token: str, body: dict[str, Any]) -> web.Response:
        self.acknowledged[token] = monotonic()
        if body["type"] in (4, 5):
            message = message_payload(str(next(self._ids)), body.get("data") or {}, {})
            self.messages[message["id"]] = message
            self.responses[token] = message["id"]
        else:
            self.responses[token] = self._clicked.get(token, "")
        if body["type"] == 7:
            self._change("PATCH", self.responses[token], body["data"], {})
        message_id = self.responses.get(token)
        interaction = {"id": "1", "type": 2, "response_message_id": message_id, "response_message_loading": True}
        return reply({"interaction": interaction, "resource": {"type": body["type"]}})

    def _new(self, body: dict[str, Any], files: dict[str, int]) -> web.Response:
        nonce = body.get("nonce")
        same = [m for m in self.messages.values() if nonce and m.get("nonce") == nonce]
        message = same[0] if same else message_payload(str(next(self._ids)), body, files)
        self.messages[message["id"]] = message
        return reply(message)

    def _change(self, method: str, message_id: str, body: dict[str, Any], files: dict[str, int]) -> web.Response:
        if message_id not in self.messages:
            return reply({"message": "Unknown Message", "code": 10008}, 404)
        if method == "DELETE":
            del self.messages[message_id]
            return web.Response(status=204)
        message = self.messages[message_id]
        changed = {key: value for key, value in body.items() if key in ("content", "embeds", "components")}
        if "attachments" in body:
            changed["attachments"] = attachments_payload(files)
        self.messages[message_id] = {**message, **changed}
        return reply(self.messages[message_id])

    def _interaction(self, kind: int, user: int, data: dict[str, Any], where: dict[str, Any], **more: Any) -> str:
        interaction_id = str(next(self._ids))
        token = f"interaction-{interaction_id}"
        if "message" in more:
            self._clicked[token] = more["message"]["id"]
        interaction = interaction_payload(interaction_id, kind, token, user, data, where)
        self._channels[token] = str(interaction["channel_id"])
        self.dispatched[token] = monotonic()
        self._call(self.gateway.dispatch("INTERACTION_CREATE", {**interaction, **more}))
        return token

    def _call(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


@contextmanager
def run_loopback() -> Iterator[Loopback]:
    """A server that listens until the block ends."""
    authority = trustme.CA()
    discord = Loopback(authority.cert_pem.bytes().decode())

    async def start() -> web.AppRunner:
        runner = web.AppRunner(discord.app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context(authority))
        await site.start()
        discord.port = runner.addresses[0][1]
        return runner

    thread = Thread(target=discord._loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(), discord._loop).result(timeout=10)
    try:
        yield discord
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), discord._loop).result(timeout=10)
        discord._loop.call_soon_threadsafe(discord._loop.stop)
        thread.join(timeout=10)
        discord._loop.close()


def reply(data: Any, status: int = 200, **headers: str) -> web.Response:
    """JSON as Discord sends it: with no charset, and through a proxy."""
    body = json.dumps(data).encode()
    return web.Response(body=body, status=status, headers={"Content-Type": "application/json", "Via": "1.1", **headers})


async def _content(request: web.Request) -> tuple[Any, dict[str, tuple[str, bytes]]]:
    """The JSON of a request, and (name, data) of its files by form field."""
    if not request.content_type.startswith("multipart/"):
        text = await request.text()
        return (json.loads(text) if text else None), {}
    form = await request.post()
    files = {name: (file.filename, file.file.read()) for name, file in form.items() if isinstance(file, web.FileField)}
    return json.loads(str(form["payload_json"])), files
