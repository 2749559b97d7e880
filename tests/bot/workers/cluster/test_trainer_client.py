# ruff: noqa: ASYNC110, ASYNC220, ASYNC240 (what is waited for happens in other processes, or on their disk)
"""Retraining on a worker: whatever happens to it, to Redis or to the bot, there is one end, as beside the bot."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.core.retraining import RetrainingStatus
from bot.retraining import wording
from bot.workers.cluster import trainer_client
from bot.workers.cluster.files import Files
from tests.bot.retraining.retrainers import BOSS, VOTES, running_retrainer, statuses
from tests.bot.workers.local.test_worker import until
from tests.command_line import ROOT
from tests.engines.redis_server import RedisServer
from tests.engines.worker_processes import StartAgent

LEASE = 1.0  # seconds: the shortest that a setting allows


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_client, "EVERY", 0.1)


def trainer(log: Path, *words: str) -> str:
    return "--trainer=" + " ".join(("--log", str(log), *words))


def given(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_it_goes_the_whole_way(redis: RedisServer, start_agent: StartAgent, tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    start_agent("gpu", LEASE, trainer(log))
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(BOSS)
        news = [await anext(updates)]
        while not news[-1].status.final:
            news.append(await anext(updates))
        done = news[-1]
        assert (done.status, done.version, done.attempts, done.votes) == (RetrainingStatus.PROMOTED, 2, 1, VOTES), (
            done.error
        )
        assert [loss for _, loss in done.progress.losses] == [2.0, 1.9, 1.8, 1.7]
        _, version = await running.store.versions.load_all()
        assert hashlib.sha256(Path(version.path).read_bytes()).hexdigest() == version.sha256 == done.sha256
        assert Path(version.path).parent == (running.data / "checkpoints").absolute()
        first = f"{hashlib.sha256(b'first').hexdigest()}.safetensors"
        (facts,) = given(log)
        assert facts["base"] == facts["baseline"] == str(tmp_path / "gpu" / "fetched" / first)
        assert (len(facts["lessons"]), facts["seed"]) == (3, str(begun.id))
        assert running.trainer_inputs() == [], "the bot trained nothing"


async def test_what_is_refused_lies_where_an_admin_finds_it(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    start_agent("gpu", LEASE, trainer(tmp_path / "log", "--do", "refuse"))
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        done = await running.retrain()
        assert (done.status, "missed by 0.15" in wording.line(done)) == (RetrainingStatus.REFUSED, True)
        assert running.files() == [f"retraining-1.{end}" for end in ("report.json", "safetensors", "votes.jsonl")]
        assert json.loads((running.data / "checkpoints" / "retraining-1.report.json").read_text()) == done.report


@pytest.mark.parametrize(
    ("does", "line"),
    [
        ("fail", "cannot write the candidate: No space left on device"),
        ("other-hash", "the candidate is not the file that the trainer's report is about"),
    ],
)
async def test_what_goes_wrong_there_is_the_same_line_as_here(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path, does: str, line: str
) -> None:
    start_agent("gpu", LEASE, trainer(tmp_path / "log", "--do", does))
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        done = await running.retrain()
        assert (done.status, done.error) == (RetrainingStatus.FAILED, line)
        assert running.files() == []


async def test_a_killed_worker_has_its_training_taken_over(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    log, mark = tmp_path / "log", tmp_path / "mark"
    words = trainer(log, "--do", "hang", "--at", "checking", "--once", str(mark))
    first = start_agent("first", LEASE, words)
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(BOSS)
        await running.reached("checking")
        second = start_agent("second", LEASE, words)
        await second.ready()
        await asyncio.sleep(1.2 * LEASE)
        assert len(given(log)) == 1, "as long as the first lives, it is the first's"
        first.kill()
        async with asyncio.timeout(30):
            done = await running.retrainer.finished(begun.id, updates)
        assert (done.status, done.attempts) == (RetrainingStatus.PROMOTED, 1), done.error
        assert [loss for _, loss in done.progress.losses] == [2.0, 1.9, 1.8, 1.7]
        assert await asyncio.to_thread(gone, given(log)[0]["pid"])


async def test_it_is_cancelled_within_seconds(redis: RedisServer, start_agent: StartAgent, tmp_path: Path) -> None:
    log, mark = tmp_path / "log", tmp_path / "mark"
    start_agent("gpu", LEASE, trainer(log, "--do", "hang", "--once", str(mark)))
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        await running.retrainer.start(BOSS)
        await running.reached("tuning")
        assert (await running.retrainer.cancel(BOSS)).status is RetrainingStatus.CANCELLED
        async with asyncio.timeout(5):
            while running.files() or not gone(given(log)[0]["pid"]):
                await asyncio.sleep(0.05)
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED, "and the next one can begin"


async def test_a_killed_bot_begins_anew_and_its_old_training_ends_by_itself(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    data, log, mark = tmp_path / "data", tmp_path / "log", tmp_path / "mark"
    start_agent("gpu", LEASE, trainer(log, "--do", "hang", "--once", str(mark)))
    command = [sys.executable, "-m", "tests.bot.retraining.killable_retraining", str(data), redis.url()]
    bot = subprocess.Popen(command, cwd=ROOT)
    try:
        await until(mark.exists)
    finally:
        bot.kill()
        bot.wait()
    async with running_retrainer(data, through=redis.url(), lease=1.0) as running:
        async with asyncio.timeout(30):
            while not (found := await running.retrainer.retraining(1)).status.final:
                await asyncio.sleep(0.05)
        assert (found.status, found.attempts, found.message_id) == (RetrainingStatus.PROMOTED, 2, "20"), found.error
        assert await statuses(running.store) == [RetrainingStatus.PROMOTED]
        hung, _ = given(log)
        assert gone(hung["pid"])


async def test_a_candidate_that_was_damaged_on_the_way_is_sent_again(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, damaged = Files.get, 0

    async def get(files: Files, sha256: str) -> bytes | None:
        nonlocal damaged
        data = await whole(files, sha256)
        damaged += data is not None
        return data and (data[:-1] if damaged == 1 else data)

    monkeypatch.setattr(Files, "get", get)
    start_agent("gpu", LEASE, trainer(tmp_path / "log"))
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED
        assert damaged == 2
        assert len(given(tmp_path / "log")) == 1


async def test_a_redis_that_is_killed_meanwhile_and_has_forgotten_everything(
    redis: RedisServer, start_agent: StartAgent, tmp_path: Path
) -> None:
    log, go = tmp_path / "log", tmp_path / "go"
    start_agent("gpu", LEASE, trainer(log, "--do", "wait", "--once", str(go)))
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        updates = running.retrainer.subscribe()
        begun = await running.retrainer.start(BOSS)
        await running.reached("tuning")
        redis.kill()
        await asyncio.sleep(1.2 * LEASE)
        redis.forget()
        redis.start()
        go.touch()
        async with asyncio.timeout(30):
            done = await running.retrainer.finished(begun.id, updates)
        assert done.status is RetrainingStatus.PROMOTED, done.error
        assert (len(given(log)), running.trainer_inputs()) == (1, []), "it went on meanwhile"


async def test_where_no_worker_trains_the_bot_does_it_and_says_so(
    redis: RedisServer,
    start_agent: StartAgent,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(trainer_client, "NOBODY", 0.5)
    log = tmp_path / "log"
    await start_agent("home", LEASE, trainer(log), trains="false").ready()
    async with running_retrainer(tmp_path / "data", through=redis.url()) as running:
        assert (await running.retrain()).status is RetrainingStatus.PROMOTED
        assert (len(running.trainer_inputs()), given(log)) == (1, [])
    assert "no worker trains just now: the bot trains beside itself" in caplog.text
