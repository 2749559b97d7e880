"""Connections that do nothing, too many of them, and clients that go away: over TCP, to the page as it is served."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.web.app import create_app, serve
from bot.web.connections import ConnectionLimits
from tests.bot.running_bot import running_bot
from tests.waiting import until

HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@asynccontextmanager
async def page(path: Path, **limits: float) -> AsyncIterator[int]:
    """The port of a page that is served with these limits."""
    chosen = ConnectionLimits(**limits)  # type: ignore[arg-type]
    async with running_bot(path / "tunesmith.db") as bot:
        runner = await serve(create_app(bot.composer, bot.composer.library, limits=chosen), "127.0.0.1", 0, chosen)
        yield runner.addresses[0][1]
        await runner.cleanup()


async def healthy(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEALTH)
    answer = await asyncio.wait_for(reader.read(15), 20)
    writer.close()
    return answer.startswith(b"HTTP/1.1 200")


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the server has closed a connection."""
    try:
        return await asyncio.wait_for(reader.read(1), 20) == b""
    except ConnectionError:
        return True


async def test_idle_connections_make_room_for_a_new_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with page(tmp_path, most=20) as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
        assert await healthy(port)
        assert await ended(idle[0][0]), "the oldest made room"
        for _, writer in idle:
            writer.close()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_request_that_trickles_in_is_ended(tmp_path: Path) -> None:
    async with page(tmp_path, idle=0.3, body=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def trickle() -> None:
            for letter in HEALTH[:-4] * 1000:
                writer.write(bytes([letter]))
                await asyncio.sleep(0.02)

        trickling = asyncio.create_task(trickle())
        assert await ended(reader)
        trickling.cancel()
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90\r\n\r\n{")
        assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 408")
        writer.close()
        assert await healthy(port)


async def test_an_upload_that_is_aborted_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with page(tmp_path) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000\r\n\r\n{")
        await writer.drain()
        await asyncio.sleep(0)
        writer.transport.abort()
        assert await healthy(port)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json; charset=no-such-thing", b'{"text": "/help"}'),
        ("application/json", json.dumps({"text": "\ud800"}).encode()),
        ("application/json; charset=utf-16", b"\xff"),
    ],
)
async def test_text_that_is_none_is_a_mistake_of_the_client(tmp_path: Path, content_type: str, body: bytes) -> None:
    async with page(tmp_path) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        cookie = f"Cookie: tunesmith_member={'a' * 32}"
        head = f"POST /messages HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\nContent-Type: {content_type}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert (await asyncio.wait_for(reader.readline(), 20)).startswith(b"HTTP/1.1 400")
        writer.close()


async def test_a_connection_is_counted_until_it_ends(tmp_path: Path) -> None:
    async with page(tmp_path, most=1) as port:
        for _ in range(5):
            assert await healthy(port)

        async def again() -> bool:
            return await healthy(port)

        await until(again)
