"""Faults: no prompt, tune or vote is lost, no tune is delivered twice, and the log has one line on it."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from bot.app.bot import running
from bot.core.config import Config
from bot.core.errors import StoreError
from bot.core.sections import Worker
from bot.core.values import NewTune, Place, State
from bot.render import Renderer
from bot.store import database, tables
from bot.store.database import UNAVAILABLE
from bot.web.serializers import history_json
from model.network import checkpoint
from model.prompt import parse_prompt
from tests.bot.composing.killable_bot import QUEUED, RENDERING
from tests.bot.running_bot import ANN, BEN, Bot, new_prompt, reached, running_bot
from tests.command_line import ROOT, bot, ran
from tests.waiting import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tunesmith.db"


def members(count: int) -> list[Place]:
    return [Place("web", "local", f"m{number}") for number in range(count)]


async def stored_tunes(bot: Bot) -> Counter[int]:
    """How many tunes of each prompt are on the page."""
    member_id, server_id = await bot.store.members.register(ANN)
    page = history_json(await bot.store.tunes.history(server_id, member_id, None, 1000), {})
    return Counter(prompt["id"] for prompt in page for _ in prompt["tunes"])


def worker_process() -> psutil.Process:
    (process,) = (child for child in psutil.Process().children() if "worker" in str(child.cmdline()))
    return process


def lines(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]


async def test_a_worker_that_is_killed_with_a_hundred_prompts_in_flight(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    marks = [tmp_path / f"mark{number}" for number in range(100)]
    async with running_bot(path, at_once=100, limit=100) as bot:
        updates = bot.composer.subscribe()
        asking = zip(marks, members(100), strict=True)
        ids = [await bot.ask(new_prompt(f"quiet once {mark}"), place) for mark, place in asking]
        await until(lambda: all(mark.exists() for mark in marks))  # the worker has them all
        os.kill(worker_process().pid, signal.SIGKILL)
        ended: Counter[int] = Counter()
        while len(ended) < len(ids):
            progress = await anext(updates)
            if progress.prompt.state.final:
                assert progress.prompt.state is State.DONE
                ended[progress.prompt.id] += 1
        assert ended == await stored_tunes(bot) == Counter(ids)
        assert bot.worker.restarts == 1
    assert lines(caplog, "the worker ended") == ["the worker ended with 100 jobs open; starting another"]


async def test_a_bot_that_is_killed_with_fifty_prompts_queued_and_ten_rendering(path: Path) -> None:
    command = (sys.executable, "-m", "tests.bot.composing.killable_bot", str(path))
    killable = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert killable.stdout
        assert await killable.stdout.readline() == b"ready\n"
    finally:
        killable.kill()
        await killable.wait()
    async with running_bot(path, limit=100) as bot:
        updates = bot.composer.subscribe()
        left = await bot.store.prompts.unfinished(["web"])
        assert Counter(stored.state for stored in left) == {State.RENDERING: RENDERING, State.QUEUED: QUEUED}
        assert [stored.attempts for stored in left] == [1] * RENDERING + [0] * QUEUED
        assert await bot.composer.recover(["web"]) == RENDERING + QUEUED
        waiting = {stored.id for stored in left}
        while waiting:
            progress = await anext(updates)
            if progress.prompt.state.final:
                assert progress.prompt.state is State.DONE
                waiting.remove(progress.prompt.id)  # once
        assert await stored_tunes(bot) == Counter([1, *(stored.id for stored in left)])
        (tune,) = await bot.store.tunes.of_prompts([1])
        assert (tune.votes.up, tune.votes.down) == (1, 1)


async def test_a_checkpoint_that_is_damaged_while_the_bot_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = tmp_path / "mine.safetensors"
    weights = checkpoint.read(checkpoint.SHIPPED)
    checkpoint.write(mine, checkpoint.Checkpoint(**{**vars(weights), "facts": {"mine": True}}))
    config = Config(data_dir=tmp_path / "data", worker=Worker(checkpoint=mine))
    async with running(config) as bot:
        updates = bot.composer.subscribe()
        data = bytearray(mine.read_bytes())
        data[-1000:] = bytes(byte ^ 0xFF for byte in data[-1000:])
        mine.write_bytes(data)
        for number, restarts in enumerate((0, 1)):
            if restarts:
                worker_process().kill()
            accepted = await bot.composer.compose(ANN, parse_prompt("D", "reel", form="AB:4", seed=number))
            done = await bot.composer.finished(accepted.prompt.id, updates)
            (tune,) = done.tunes
            expected = (1, 2) if restarts else (2, 2)  # the one in memory is still whole
            assert (tune.version, tune.asked_version) == expected
    assert len(lines(caplog, "the worker cannot start: checkpoint")) == 1
    assert len(lines(caplog, "version 2 cannot be used: checkpoint")) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for six megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if os.geteuid() != 0 or not Path("/bin/mount").exists():
        pytest.skip("only root can mount a small disk")
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this root may not mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """A file that leaves no byte free."""
    name = disk / "filler"
    with suppress(OSError), name.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return name


async def ask_anyway(bot: Bot, seed: int) -> str:
    try:
        await bot.ask(new_prompt(seed=seed))
    except StoreError as error:
        return str(error)
    return ""


async def test_prompts_in_work_outlive_a_full_disk_without_a_restart(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(small_disk / "tunesmith.db", at_once=20) as bot:
        (tune,) = (await bot.finished(new_prompt())).tunes
        await bot.composer.library.vote(tune.id, BEN, 1)
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        working = [await bot.ask(new_prompt(seed=seed), count=4) for seed in range(20)]
        await reached(updates, State.RENDERING, *working)
        filler = fill(small_disk)
        bot.renderer.go.set()
        refused = [await ask_anyway(bot, seed) for seed in range(100)]
        assert set(refused) <= {"", UNAVAILABLE}
        assert UNAVAILABLE in refused
        await until(lambda: lines(caplog, "write failed: cannot use the database"))
        filler.unlink()
        await reached(updates, State.DONE, *working)
        assert (await bot.finished(new_prompt())).prompt.state is State.DONE
        assert [(await stored_tunes(bot))[number] for number in working] == [4] * 20
        assert (await bot.store.tunes.load(tune.id)).votes.up == 1  # type: ignore[union-attr]
    assert len(lines(caplog, "write failed")) == 1, "once a minute"


async def test_a_database_locked_for_long_ends_no_prompt(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(database.SQLITE_ARGUMENTS, "timeout", 0.2)
    async with running_bot(path) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        working = await bot.ask(new_prompt(), count=2)
        await reached(updates, State.RENDERING, working)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            bot.renderer.go.set()
            await until(lambda: lines(caplog, "write failed"))
            assert await ask_anyway(bot, 1) == UNAVAILABLE
            other.execute("ROLLBACK")
        await reached(updates, State.DONE, working)
        await until(lambda: lines(caplog, "is back"))


@pytest.mark.parametrize("jump", [timedelta(days=365), timedelta(days=-365)], ids=["ahead", "back"])
async def test_a_clock_that_jumps(path: Path, monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    async with running_bot(path, at_once=1, queue_timeout=20.0) as bot:
        bot.renderer.go.clear()
        updates = bot.composer.subscribe()
        first, second = await bot.ask(new_prompt()), await bot.ask(new_prompt())
        await reached(updates, State.RENDERING, first)
        there = time.time
        monkeypatch.setattr(time, "time", lambda: there() + jump.total_seconds())
        monkeypatch.setattr(tables, "now", lambda: datetime.now(UTC) + jump)
        for module in ("members", "prompts", "tunes", "versions"):
            monkeypatch.setattr(f"bot.store.{module}.now", lambda: datetime.now(UTC) + jump)
        third = await bot.ask(new_prompt())
        bot.renderer.go.set()
        for prompt_id in (first, second, third):
            await reached(updates, State.DONE, prompt_id)
        text = bot.composer.metrics.exposition()[0].decode()
        waited = [float(line.split()[1]) for line in text.splitlines() if line.startswith("tunesmith_wait_seconds_sum")]
        assert 0 <= waited[0] < 20
        assert 0 < (bot.composer.queue.throughput.wait(0) or 0) < 20
        member_id, server_id = await bot.store.members.register(ANN)
        assert [prompt.id for prompt, _ in await bot.store.tunes.history(server_id, member_id, None, 9)] == [1, 2, 3]


async def test_a_render_that_never_returns(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Renderer(timeout=1.0) as renderer, running_bot(path, at_once=1, real=renderer) as bot:
        (process,) = (child for child in psutil.Process().children() if "bot.render.process" in child.cmdline())
        process.send_signal(signal.SIGSTOP)
        updates = bot.composer.subscribe()
        stuck, behind = await bot.ask(new_prompt()), await bot.ask(new_prompt())
        failed = await reached(updates, State.FAILED, stuck)
        assert failed.prompt.error == "rendering took longer than 1 s"
        await reached(updates, State.DONE, behind)
        assert not process.is_running()
        assert renderer.restarts == 1
        assert await stored_tunes(bot) == {behind: 1}
    assert len(lines(caplog, "a render process was busy with one tune for 1 s; it is replaced")) == 1


async def test_a_worker_that_answers_twice(path: Path) -> None:
    async with running_bot(path) as bot:
        updates = bot.composer.subscribe()
        twice = await bot.ask(new_prompt("twice"), count=2)
        done = await reached(updates, State.DONE, twice)
        assert len(done.tunes) == 2
        assert (await bot.finished(new_prompt())).prompt.state is State.DONE
        assert await stored_tunes(bot) == {twice: 2, twice + 1: 1}
        # and a bot that stores an answer again, which it had when it was killed, stores it once
        again = await bot.store.prompts.finish(twice, [NewTune(0, 7, "Another", "X:1\nK:D\n")])
        assert [tune.title for tune in again] == [tune.title for tune in done.tunes]


def test_a_second_bot_on_one_database_is_refused_and_harms_nothing(tmp_path: Path) -> None:
    with bot(tmp_path / "data") as running:
        second = ran(tmp_path / "data")
        assert (second.returncode, second.stdout) == (2, "")
        assert second.stderr.startswith("error: another bot already runs on")
        assert second.stderr.count("\n") == 1
        assert running.healthy()
