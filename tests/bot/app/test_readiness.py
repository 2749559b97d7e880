"""`/ready` names what keeps the bot from composing, and nothing once it is back."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from bot.app import readiness
from bot.app.readiness import Readiness
from bot.render import Renderer
from bot.store import Store
from tests.bot.running_bot import Bot
from tests.engines import postgres


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(120):
        while not await true():  # noqa: ASYNC110 (another process makes it true)
            await asyncio.sleep(0.02)


def child(word: str) -> psutil.Process:
    (found,) = (process for process in psutil.Process().children() if word in str(process.cmdline()))
    return found


async def test_a_worker_that_is_gone_is_named_until_another_is_there(bot: Bot) -> None:
    async with Renderer() as renderer:
        ready = Readiness(bot.store.versions, renderer, bot.worker.workers)
        assert await ready.missing() == {}
        os.kill(child("stand_in").pid, signal.SIGKILL)

        async def named() -> bool:
            return await ready.missing() == {"worker": "no worker is there to compose"}

        async def well() -> bool:
            return await ready.missing() == {}

        await until(named)
        await until(well)


async def test_render_processes_that_died_are_started_again_by_the_question(bot: Bot) -> None:
    async with Renderer() as renderer:
        ready = Readiness(bot.store.versions, renderer, bot.worker.workers)
        os.kill(child("render").pid, signal.SIGKILL)

        async def died() -> bool:
            return renderer.living == 0

        async def well() -> bool:
            return await ready.missing() == {}

        await until(died)
        await until(well)
        assert (renderer.living, renderer.restarts) == (1, 1)


async def test_a_database_that_does_not_answer_is_named(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.skip_where_missing()
    monkeypatch.setattr(readiness, "ANSWER_WITHIN", 1.0)
    with postgres.running() as server:
        async with await Store.open(server.url()) as store, Renderer() as renderer:
            ready = Readiness(store.versions, renderer, bot.worker.workers)
            assert await ready.missing() == {}
            server.kill()
            assert list(await ready.missing()) == ["database"]
            server.start()
            assert await ready.missing() == {}


async def test_discord_is_asked_where_it_is_to_be(bot: Bot, tmp_path: Path) -> None:
    async with Renderer() as renderer:
        for connected, missing in ((True, {}), (False, {"discord": "not connected to Discord"})):
            ready = Readiness(bot.store.versions, renderer, bot.worker.workers, lambda connected=connected: connected)  # type: ignore[misc]
            assert await ready.missing() == missing
