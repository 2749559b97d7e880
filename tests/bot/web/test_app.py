"""The application and its server: stopping, and addresses that cannot be used."""

import asyncio

import pytest
from aiohttp.test_utils import TestServer

from bot.core.errors import ConfigError
from bot.web import create_app, serve
from tests.bot.web.conftest import Client, Stream
from tests.bot.web.fakes import FakeComposer, FakeLibrary


async def test_stopping_ends_open_streams_at_once(client: Client, server: TestServer) -> None:
    async with client.get("/events") as response:
        stream = Stream(response)
        await stream.next()
        async with asyncio.timeout(120):
            await server.close()
            with pytest.raises(EOFError):
                await stream.next()


async def test_an_address_that_cannot_be_used_is_one_clear_line(composer: FakeComposer, library: FakeLibrary) -> None:
    runner = await serve(create_app(composer, library), "127.0.0.1", 0)
    port = runner.addresses[0][1]
    try:
        with pytest.raises(ConfigError, match=f"port {port} is in use") as caught:
            await serve(create_app(composer, library), "127.0.0.1", port)
        assert "\n" not in str(caught.value)
        with pytest.raises(ConfigError, match="cannot serve the page on"):
            await serve(create_app(composer, library), "192.0.2.1", 0)
    finally:
        await runner.cleanup()
