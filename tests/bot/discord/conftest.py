"""Checks every request that a bot makes in these tests: here on the simulated Discord; loopback.py does so over TCP."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from simcord.http.client import FakeHTTPClient, FakeWebhookAdapter, _path_of

from bot.benchmarks.discord.loopback import Request
from tests.bot.discord.request_check import faults_of


@pytest.fixture(autouse=True)
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Request]]:
    """The requests of the test's bot. The test fails where Discord would not have accepted one."""
    sent: list[Request] = []
    for transport in (FakeHTTPClient, FakeWebhookAdapter):
        monkeypatch.setattr(transport, "request", _recording(transport.request, sent))
    yield sent
    faults = faults_of(sent)
    assert not faults, "\n".join(faults)


def _recording(request: Callable[..., Any], sent: list[Request]) -> Callable[..., Any]:
    def recorded(self: Any, route: Any, *args: Any, **options: Any) -> Any:
        form = options.get("form") or options.get("multipart") or []
        body = next((json.loads(part["value"]) for part in form if part["name"] == "payload_json"), None)
        files = {part["name"]: part["filename"] for part in form if "filename" in part}
        plain = options.get("json") or options.get("payload")
        path, query = _path_of(route.url), options.get("params") or {}
        sent.append(Request(route.method, path, body if form else plain, files, query))
        return request(self, route, *args, **options)

    return recorded
