"""The bot put together: the real worker, renderer and database."""

import asyncio
import gc
from asyncio.base_subprocess import BaseSubprocessTransport
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app.bot import running
from bot.core.config import Config
from bot.core.errors import StoreError, WorkerError
from bot.core.sections import Worker
from bot.core.values import Place, Progress, State
from model.prompt import parse_prompt
from tests.processes import children
from tests.waiting import until

MAGIC = {"png": b"\x89PNG", "mid": b"MThd", "mp3": b"\xff"}
ANN = Place("web", "local", "ann", "Ann")


def open_transports() -> list[BaseSubprocessTransport]:
    found = (
        each for each in gc.get_objects() if issubclass(type(each), BaseSubprocessTransport)
    )  # no `__class__` is read
    return [each for each in found if not each.is_closing()]


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = set(children(recursive=True))
    yield
    assert set(children(recursive=True)) <= before


async def test_a_worker_that_is_killed_with_prompts_in_flight_costs_no_tune(tmp_path: Path) -> None:
    async with running(Config(data_dir=tmp_path / "data")) as bot:
        (worker,) = (child for child in children(recursive=True) if "worker" in child.cmdline())
        updates = bot.composer.subscribe()
        prompts = [parse_prompt(key, "reel", seed=7) for key in ("D", "Edor", "F#m")]
        ids = {(await bot.composer.compose(ANN, prompt)).prompt.id: prompt for prompt in prompts}
        async for progress in updates:
            if progress.prompt.state is State.COMPOSING:
                break
        worker.kill()
        done: dict[int, Progress] = {}
        while len(done) < len(ids):
            progress = await anext(updates)
            if progress.prompt.state.final:
                assert progress.prompt.id not in done
                done[progress.prompt.id] = progress
        assert bot.worker.restarts == 1
        assert [progress.prompt.state for progress in done.values()] == [State.DONE] * 3
        for prompt_id, progress in done.items():
            assert [tune.prompt.seed for tune in progress.tunes] == [7]
            assert all(f"K:{ids[prompt_id].key}" in tune.abc for tune in progress.tunes)
        tune = next(iter(done.values())).tunes[0]
        files = await bot.library.files(tune)
        assert all(files[kind].startswith(magic) for kind, magic in MAGIC.items())
        assert [version.number for version in await bot.store.versions.load_all()] == [1]
        assert await bot.composer.recover(["web"]) == 0


async def test_a_part_that_cannot_start_takes_the_others_down_with_one_line(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "data", worker=Worker(checkpoint=tmp_path / "mine.safetensors"))
    with pytest.raises(WorkerError, match=r"no checkpoint at .*mine\.safetensors"):
        async with running(config):
            raise AssertionError("it must not start")
    (tmp_path / "data" / "tunesmith.db").write_text("my diary " * 1000)
    with pytest.raises(StoreError, match="not a database"):
        async with running(config):
            raise AssertionError("it must not start")


async def test_a_start_that_is_cancelled_leaves_nothing_running(tmp_path: Path) -> None:
    async def start() -> None:
        async with running(Config(data_dir=tmp_path / "data")):
            raise AssertionError("it was cancelled")

    task = asyncio.create_task(start())
    await until(lambda: len(children()) >= 2)  # the worker and the renderer are starting
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not open_transports())  # asyncio closes those of ended processes a little later
