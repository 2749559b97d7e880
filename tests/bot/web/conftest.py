"""The page over fake use cases, served by aiohttp's test server."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web import create_app
from tests.bot.web.fakes import FakeComposer, FakeLibrary, FakeStore

Client = TestClient[web.Request, web.Application]


class Stream:
    """The events of one open page."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._lines = response.content

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next event as (name, data)."""
        name = ""
        while line := (await self._lines.readline()).decode():
            if line.startswith("event: "):
                name = line.removeprefix("event: ").strip()
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        raise EOFError


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def composer(store: FakeStore) -> FakeComposer:
    return FakeComposer(store)


@pytest.fixture
def library(store: FakeStore) -> FakeLibrary:
    return FakeLibrary(store)


@pytest.fixture
async def server(composer: FakeComposer, library: FakeLibrary) -> AsyncIterator[TestServer]:
    async with TestServer(create_app(composer, library)) as server:
        assert isinstance(server, TestServer)
        yield server


@pytest.fixture
async def client(server: TestServer) -> AsyncIterator[Client]:
    """A member who has opened the page."""
    async with visitor(server) as client:
        yield client


@asynccontextmanager
async def visitor(server: TestServer) -> AsyncIterator[Client]:
    """Another member's browser, with the page open."""
    client: Client = TestClient(server)
    await client.start_server()
    assert (await client.get("/")).status == 200
    yield client
    for response in client._responses:  # what a test has not read to its end
        response.close()
    await client.session.close()  # the server belongs to its own fixture


async def say(client: Client, text: str) -> tuple[int, dict[str, Any]]:
    """Type a line; the status and the JSON that come back."""
    response = await client.post("/messages", json={"text": text})
    return response.status, await response.json()
