"""Nothing that a bot sends in these tests escapes the gate: here on the simulated Discord, in loopback.py over TCP."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from simcord.http.client import FakeHTTPClient, FakeWebhookAdapter, _path_of

from tests.bot.discord.request_check import Request, refused


@pytest.fixture(autouse=True)
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Request]]:
    """What the test's bot sent. Discord would have taken all of it, or the test fails."""
    sent: list[Request] = []
    for transport in (FakeHTTPClient, FakeWebhookAdapter):
        monkeypatch.setattr(transport, "request", _recording(transport.request, sent))
    yield sent
    faults = refused(sent)
    assert not faults, "\n".join(faults)


def _recording(request: Callable[..., Any], sent: list[Request]) -> Callable[..., Any]:
    def recorded(self: Any, route: Any, *args: Any, **given: Any) -> Any:
        form = given.get("form") or given.get("multipart") or []
        body = next((json.loads(part["value"]) for part in form if part["name"] == "payload_json"), None)
        files = {part["name"]: part["filename"] for part in form if "filename" in part}
        plain = given.get("json") or given.get("payload")
        path, query = _path_of(route.url), given.get("params") or {}
        sent.append(Request(route.method, path, body if form else plain, files, query))
        return request(self, route, *args, **given)

    return recorded
