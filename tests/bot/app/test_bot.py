"""The parts put together: the real worker, renderer and database, and one bot on a data directory."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bot.app import bot as service
from bot.app.bot import data_directory, only_one, register, running
from bot.core.config import Config
from bot.core.errors import ConfigError, StoreError, WorkerError
from bot.core.retraining import Options
from bot.core.sections import Worker
from bot.core.values import Place, Progress, State
from bot.store import Store
from model.prompt import parse_prompt

MAGIC = {"png": b"\x89PNG", "mid": b"MThd", "mp3": b"\xff"}
ANN = Place("web", "local", "ann", "Ann")


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = set(children())
    yield
    assert set(children()) <= before


async def test_a_worker_that_is_killed_with_prompts_in_flight_costs_no_tune(tmp_path: Path) -> None:
    async with running(Config(data_dir=tmp_path / "data")) as bot:
        (worker,) = (child for child in children() if "worker" in child.cmdline())
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
        for kind, magic in MAGIC.items():
            assert (await bot.library.media(tune.id, kind)).startswith(magic)
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
    while len(children()) < 2:  # noqa: ASYNC110  the worker and the renderer are starting
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)  # asyncio closes the pipes of processes that have ended in its next turns


async def test_a_checkpoint_of_ones_own_gets_a_number_that_it_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, mine, copy = (tmp_path / f"{name}.safetensors" for name in ("trad", "mine", "copy"))
    shipped.write_bytes(b"shipped")
    mine.write_bytes(b"mine")
    monkeypatch.setattr(service, "SHIPPED", shipped)
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        assert await register(store, None) == 1
        assert await register(store, mine) == 2
        shutil.move(mine, copy)
        assert await register(store, copy) == 2
        assert (await store.versions.load_all())[1].path == str(copy), "where it is now"
        assert [await register(store, copy), await register(store, shipped), await register(store, None)] == [2, 1, 1]
        mine.write_bytes(b"mine, trained further")
        assert await register(store, mine) == 3
        assert [(version.number, version.name) for version in await store.versions.load_all()] == [
            (1, "trad"),
            (2, "mine"),
            (3, "mine"),
        ]


async def test_what_is_in_use_is_what_was_chosen_last_or_what_is_newly_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shipped, mine, other = (tmp_path / f"{name}.safetensors" for name in ("trad", "mine", "other"))
    for path in (shipped, mine, other):
        path.write_bytes(path.name.encode())
    monkeypatch.setattr(service, "SHIPPED", shipped)
    async with await Store.open(tmp_path / "tunesmith.db") as store:

        async def current(checkpoint: Path | None) -> int | None:
            await register(store, checkpoint)
            return await store.versions.current()

        assert await current(None) == 1  # as in a database older than choices
        assert await current(mine) == 2
        assert await current(None) == 1, "it is configured no longer"
        assert await current(other) == 3
        await store.versions.choose(1)
        assert await current(other) == 1, "a rollback outlives a restart"
        assert "version 1 is in use, as was chosen" in caplog.text
        learned = await store.retrainings.begin(ANN, Options(1), 1, "me")
        await store.retrainings.promote(learned.id, "me", "x", "", candidate="/4", sha256="4" * 64)
        assert [await current(other), await current(None), await current(mine)] == [4, 4, 4]


async def test_a_configured_checkpoint_is_in_use_in_an_older_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"mine")
    monkeypatch.setattr(service, "SHIPPED", mine.with_name("absent"))
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        known = await store.versions.add(str(mine), hashlib.sha256(b"mine").hexdigest(), "mine", 2)
        assert (await register(store, mine), await store.versions.current()) == (known.number, known.number)


async def test_a_checkpoint_of_ones_own_is_never_version_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SHIPPED", tmp_path / "absent.safetensors")
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"mine")
    async with await Store.open(tmp_path / "tunesmith.db") as store:
        assert await register(store, mine) == 2


def test_only_one_bot_has_a_data_directory(tmp_path: Path) -> None:
    with only_one(tmp_path / "a"):
        with pytest.raises(ConfigError, match="another bot already runs on"), only_one(tmp_path / "a"):
            pass
        with only_one(tmp_path / "b"):
            pass
    with only_one(tmp_path / "a"):
        pass


@pytest.mark.parametrize("use", [data_directory, lambda path: only_one(path).__enter__()])
def test_a_data_directory_that_cannot_be_had_is_one_line(tmp_path: Path, use: Callable[[Path], object]) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data", Path("/proc/1")):
        with pytest.raises(ConfigError, match="data directory") as caught:
            use(path)
        assert "\n" not in str(caught.value)
