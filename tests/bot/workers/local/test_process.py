"""One worker process: it starts, is written to and read from, and ends."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.core.errors import WorkerError
from bot.workers.local.process import WorkerProcess
from model.worker.protocol import Event
from tests.bot.workers.jobs import job
from tests.bot.workers.local.stand_in import STAND_IN


@asynccontextmanager
async def started(*options: str) -> AsyncIterator[WorkerProcess]:
    process = WorkerProcess((*STAND_IN, *options), threads=1)
    await process.start(within=120)
    try:
        yield process
    finally:
        await process.end()


async def next_of_a_job(process: WorkerProcess) -> Event:
    async for event in process.events(silence=30.0):
        if event.id:
            return event
    raise AssertionError("it ended")


async def test_it_takes_jobs_and_answers_them() -> None:
    async with started() as process:
        process.write(job("a").to_json())
        assert (await next_of_a_job(process)).state == "composing"


async def test_its_events_end_with_a_line_that_is_none(caplog: pytest.LogCaptureFixture) -> None:
    async with started() as process:
        process.write(job("a", "garbage").to_json())
        assert [event.state async for event in process.events(silence=30.0) if event.id] == ["composing"]
    assert "the worker wrote a line that is no event" in caplog.text


async def test_its_events_end_after_a_silence(caplog: pytest.LogCaptureFixture) -> None:
    async with started("--heartbeat", "600") as process:
        assert [event.state async for event in process.events(silence=0.2)] in ([], ["alive"])
    assert "gave no sign of life for 0.2 s" in caplog.text


async def test_closed_it_exits_when_its_jobs_are_done() -> None:
    async with started() as process:
        process.write(job("a").to_json())
        process.close()
        process.write(job("b").to_json())  # goes nowhere
        async with asyncio.timeout(120):
            ids = [event.id async for event in process.events(silence=30.0) if event.state == "done"]
        assert ids == ["a"]


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ((*STAND_IN, "--broken", "no memory"), "the worker cannot start: no memory"),
        ((sys.executable, "-c", "print('x' * 2_000_000)"), "the worker cannot start: it said nothing"),
        (("/nowhere/python",), "the worker cannot start: No such file or directory"),
    ],
    ids=["broken", "endless line", "absent"],
)
async def test_one_that_does_not_start_is_one_line(command: tuple[str, ...], line: str) -> None:
    process = WorkerProcess(command, threads=1)
    with pytest.raises(WorkerError) as caught:
        await process.start(within=120)
    assert str(caught.value) == line
    await process.end()
