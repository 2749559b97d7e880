"""The worker beside the bot: whatever it does, each job has one outcome, and no process is left behind."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from bot.core.errors import WorkerError
from bot.workers.health import Health
from bot.workers.local.worker import ATTEMPTS, LocalWorker, RestartTimings
from model.worker.protocol import Event
from tests.bot.workers.jobs import job, outcomes
from tests.bot.workers.local.stand_in import STAND_IN
from tests.processes import children
from tests.waiting import until


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = set(children())
    yield
    assert set(children()) <= before


@asynccontextmanager
async def stand_in(*options: str) -> AsyncIterator[LocalWorker]:
    async with LocalWorker(command=(*STAND_IN, *options)) as worker:
        yield worker


def child(worker: LocalWorker) -> psutil.Process:
    (process,) = (child for child in children() if "stand_in" in str(child.cmdline()))
    return process


async def test_jobs_are_answered_each_with_its_own_tune() -> None:
    async with stand_in() as worker:
        events = await asyncio.gather(*(worker.compose(job("j" * n)) for n in range(1, 41)))
    assert [(event.state, event.title) for event in events] == [("done", f"Seed {n}") for n in range(1, 41)]


async def test_its_health_is_that_of_the_last_heartbeat() -> None:
    async with LocalWorker(command=STAND_IN, slots=4) as worker:
        await until(lambda: any(health.device for health in worker.workers()))
        assert worker.workers() == [
            Health("beside the bot", device="stand-in", slots=4, free=4, memory=100, trains=True)
        ]
        assert 0 <= worker.workers()[0].seen < 5


async def test_a_failure_of_the_worker_comes_back_as_an_event() -> None:
    async with stand_in() as worker:
        event = await worker.compose(job("a", "refuse"))
    assert (event.state, event.fault, event.error) == ("failed", "input", "bar 1 of the opening is wrong")


async def test_a_killed_worker_is_replaced_and_every_job_answered_once(tmp_path: Path) -> None:
    marks = [tmp_path / str(n) for n in range(4)]
    async with stand_in() as worker:
        first = child(worker)
        work = [asyncio.create_task(worker.compose(job(mark.name, f"quiet once {mark}"))) for mark in marks]
        await until(lambda: all(mark.exists() for mark in marks))  # all in flight
        first.kill()
        assert await outcomes(*work) == ["done"] * 4
        assert child(worker).pid != first.pid
        assert worker.restarts == 1


async def test_a_worker_that_dies_of_a_job_once_gets_it_again(tmp_path: Path) -> None:
    async with stand_in() as worker:
        poisoned = worker.compose(job("bad", f"die once {tmp_path / 'mark'}"))
        assert await outcomes(poisoned, *(worker.compose(job(f"{n}")) for n in range(4))) == ["done"] * 5
        assert worker.restarts == 1


async def test_a_job_that_three_workers_die_of_fails_alone(tmp_path: Path) -> None:
    async with stand_in() as worker:
        before = [worker.compose(job(f"before {n}", f"quiet once {tmp_path / str(n)}")) for n in range(2)]
        after = [worker.compose(job(f"{n}")) for n in "ab"]
        result = await outcomes(*before, worker.compose(job("bad", "die")), *after)
        assert result == ["done", "done", "the composer broke down on this prompt: try another seed", "done", "done"]
        assert worker.restarts == ATTEMPTS
        assert (await worker.compose(job("after"))).state == "done"


async def test_a_job_past_its_deadline_fails_once_and_the_others_go_on() -> None:
    async with stand_in() as worker:
        first = child(worker)
        work = [
            worker.compose(job("hangs", "hang", 1.0)),
            *(worker.compose(job(f"{n}", deadline=1.0)) for n in range(5)),
        ]
        assert await outcomes(*work) == ["composing took too long: please try again", *["done"] * 5]
        assert not first.is_running()
        assert worker.restarts == 1


async def test_a_deadline_that_passes_without_a_worker_leaves_the_next_one_alone() -> None:
    async with LocalWorker(command=STAND_IN, timings=RestartTimings(shortest_wait=1.0)) as worker:
        child(worker).kill()
        await until(lambda: not child_runs())
        with pytest.raises(WorkerError, match="started again"):
            await worker.compose(job("impatient", deadline=0.05))
        assert (await worker.compose(job("patient"))).state == "done"
        assert worker.restarts == 1


def child_runs() -> bool:
    return any("stand_in" in str(_command(child)) for child in psutil.Process().children())


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # ended meanwhile, perhaps not waited for yet
        return []


@pytest.mark.parametrize("does", ["garbage", "die"])
async def test_a_line_that_is_no_event_ends_the_worker_but_not_the_job(does: str, tmp_path: Path) -> None:
    async with stand_in() as worker:
        work = [worker.compose(job("a", f"{does} once {tmp_path / 'mark'}")), worker.compose(job("b"))]
        assert await outcomes(*work) == ["done", "done"]
        assert worker.restarts == 1


async def test_a_second_answer_is_ignored() -> None:
    async with stand_in() as worker:
        assert (await worker.compose(job("a", "twice"))).state == "done"
        assert (await worker.compose(job("b"))).state == "done"


async def test_a_line_of_any_length_on_stderr_does_not_stop_the_worker() -> None:
    async with stand_in() as worker:
        assert await outcomes(worker.compose(job("a", "noise")), worker.compose(job("b"))) == ["done", "done"]
        assert worker.restarts == 0


async def test_a_cancelled_job_is_taken_back_from_the_worker(tmp_path: Path) -> None:
    written = tmp_path / "lines"
    async with stand_in("--log", str(written)) as worker:
        task = asyncio.create_task(worker.compose(job("a", "quiet")))
        await until(lambda: written.exists() and '"id": "a"' in written.read_text())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: '{"cancel": "a"}' in written.read_text())
        assert (await worker.compose(job("b"))).state == "done"


async def test_cancelling_without_a_worker_neither_waits_nor_sends() -> None:
    async with LocalWorker(command=STAND_IN, timings=RestartTimings(shortest_wait=60.0)) as worker:
        child(worker).kill()
        await until(lambda: not child_runs())
        task = asyncio.create_task(worker.compose(job("a")))
        await asyncio.sleep(0)
        task.cancel()
        async with asyncio.timeout(1):
            await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()


@pytest.mark.parametrize("does", ["hang", "quiet"])
async def test_closing_fails_what_is_open_and_ends_the_process(does: str) -> None:
    async with stand_in() as worker:
        task = asyncio.create_task(worker.compose(job("a", does)))
        await asyncio.sleep(0)
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await task
    with pytest.raises(WorkerError, match="the bot is stopping"):
        await worker.compose(job("b"))


async def test_closing_while_it_restarts_leaves_no_process() -> None:
    async with stand_in() as worker:
        child(worker).kill()
        await until(lambda: not child_runs())
        await until(child_runs)  # the next one, which is not ready yet
    assert not child_runs()


@pytest.mark.parametrize(
    ("worker", "line"),
    [
        (LocalWorker(command=(*STAND_IN, "--broken", "no memory")), "the worker cannot start: no memory"),
        (LocalWorker(command=(sys.executable, "-c", "print('hello')")), "the worker cannot start: it said nothing"),
        (LocalWorker(command=("/nowhere/python",)), "the worker cannot start: No such file or directory"),
        (
            LocalWorker(command=(sys.executable, "-c", "input()"), start_timeout=0.5),
            "the worker was not ready within 0.5 s",
        ),
        (LocalWorker(checkpoint=Path(__file__)), "is corrupt or not a Tunesmith checkpoint"),
    ],
    ids=["broken", "silent", "absent", "slow", "corrupt checkpoint"],
)
async def test_a_worker_that_cannot_start_is_one_line(worker: LocalWorker, line: str) -> None:
    with pytest.raises(WorkerError) as caught:
        await worker.__aenter__()
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_the_path_of_a_checkpoint_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").touch()
    async with LocalWorker(command=STAND_IN, checkpoint=Path("mine.safetensors")) as worker:
        assert (await worker.compose(job("a"))).state == "done"


@pytest.mark.parametrize(
    "name", ["DISCORD_TOKEN", "TUNESMITH_STORE", "tunesmith_store__url", "TUNESMITH_WORKERS__BROKER"]
)
async def test_the_worker_inherits_no_secret(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "secret")
    async with stand_in() as worker:
        assert name not in child(worker).environ()


async def test_a_silent_worker_is_replaced_long_before_the_deadline(tmp_path: Path) -> None:
    async with LocalWorker(command=(*STAND_IN, "--heartbeat", "0.1"), silence=0.5) as worker:
        first = child(worker)
        work = [worker.compose(job("a", f"freeze once {tmp_path / 'mark'}")), worker.compose(job("b"))]
        async with asyncio.timeout(120):
            assert await outcomes(*work) == ["done", "done"]
        assert not first.is_running()
        assert worker.restarts == 1


async def test_a_worker_that_composes_for_long_but_is_alive_is_not_replaced() -> None:
    heartbeats: list[Event] = []
    command = (*STAND_IN, "--heartbeat", "0.1")
    async with LocalWorker(command=command, silence=1.0, on_event=heartbeats.append) as worker:
        slow = asyncio.create_task(worker.compose(job("a", "quiet")))
        await until(lambda: len(heartbeats) > 15)  # longer than it may be silent
        assert worker.restarts == 0
        slow.cancel()


async def test_a_worker_that_grows_is_replaced_between_jobs_and_none_is_lost() -> None:
    heartbeats: list[Event] = []
    command = (*STAND_IN, "--heartbeat", "0.02", "--grows", "100")
    async with LocalWorker(command=command, memory=450, on_event=heartbeats.append) as worker:
        for number in range(12):
            assert (await worker.compose(job(f"{number}"))).state == "done"
            before = len(heartbeats)
            await until(lambda before=before: len(heartbeats) > before)  # type: ignore[misc]
        await until(lambda: worker.restarts >= 1)
        assert worker.restarts <= 4
        assert (await worker.compose(job("after"))).state == "done"
    assert max(event.memory for event in heartbeats) <= 700


async def test_a_worker_that_is_too_large_from_the_start_is_not_replaced_for_ever() -> None:
    heartbeats: list[Event] = []
    command = (*STAND_IN, "--heartbeat", "0.02")
    async with LocalWorker(command=command, memory=50, on_event=heartbeats.append) as worker:
        await until(lambda: len(heartbeats) > 10)
        assert worker.restarts == 0


async def test_a_worker_whose_checkpoint_was_damaged_comes_back_with_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mine = tmp_path / "mine.safetensors"
    mine.touch()
    async with LocalWorker(command=STAND_IN, checkpoint=mine) as worker:
        mine.unlink()
        child(worker).kill()
        await until(lambda: worker.restarts == 1)
        assert (await worker.compose(job("a"))).state == "done"
    assert "no checkpoint at" in caplog.text
