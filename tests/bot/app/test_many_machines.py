"""Bot, PostgreSQL, Redis and a worker with the real model, each a process of its own."""

import asyncio
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app.bot import running
from bot.core.config import Config
from bot.core.errors import ConfigError, TrainerError
from bot.core.sections import Store, Worker, Workers
from bot.core.values import Place, State
from bot.workers.cluster.client import Cluster
from model.network import checkpoint
from model.prompt import parse_prompt
from tests.command_line import ran
from tests.engines import postgres, redis_server
from tests.engines.redis_server import RedisServer
from tests.engines.worker_processes import StartAgent
from tests.waiting import until

ANN = Place("web", "local", "ann", "Ann")


async def test_a_tune_with_ones_own_checkpoint_goes_the_whole_way(
    tmp_path: Path, database: str, redis: RedisServer, start_agent: StartAgent, caplog: pytest.LogCaptureFixture
) -> None:
    mine = tmp_path / "mine.safetensors"
    checkpoint.write(mine, replace(checkpoint.read(checkpoint.SHIPPED), facts={"mine": True}))
    worker = start_agent("gpu at home", 5.0, program="bot worker")
    config = Config(
        data_dir=tmp_path / "data",
        store=Store(url=SecretStr(database)),
        worker=Worker(checkpoint=mine),
        workers=Workers(broker=SecretStr(redis.url()), lease=5.0),
    )
    async with running(config) as bot:
        updates = bot.composer.subscribe()
        accepted = await bot.composer.compose(ANN, parse_prompt("Edor", "reel", form="AB:4", seed=7), count=2)
        done = await bot.composer.finished(accepted.prompt.id, updates)
        assert done.prompt.state is State.DONE, done.prompt.error
        assert [(tune.version, tune.asked_version) for tune in done.tunes] == [(2, 2)] * 2
        assert "K:Edor" in done.tunes[0].abc
        assert (await bot.library.files(done.tunes[0]))["png"].startswith(b"\x89PNG")
        assert (await bot.library.vote(done.tunes[0].id, ANN, 1)).up == 1
        cluster = bot.worker
        assert isinstance(cluster, Cluster)
        await until(lambda: cluster.workers()[0].device.startswith(("CPU", "NVIDIA")))
        (health,) = cluster.workers()
        assert (health.name, health.versions, health.slots) == ("gpu at home", (2,), 8)
        assert health.memory > 100
        (reported,) = (await bot.retrainer.status()).workers
        assert (reported.name, reported.versions, reported.trains) == ("gpu at home", (1, 2), health.on_gpu)
        await bot.retrainer.trainer.prove(mine)
        broken = tmp_path / "broken.safetensors"
        broken.write_bytes(mine.read_bytes()[:-10])
        with pytest.raises(TrainerError, match=r"the candidate cannot be used: checkpoint .* corrupt"):
            await bot.retrainer.trainer.prove(broken)
        known = await bot.store.versions.load_all()
        assert await bot.store.checkpoints.load(known[-1].sha256) == mine.read_bytes(), "other machines find it there"
    kept = list((tmp_path / "gpu at home" / "fetched").iterdir())
    assert {path.stem for path in kept} == {known[-1].sha256, hashlib.sha256(broken.read_bytes()).hexdigest()}
    worker.process.terminate()
    assert await worker.ended() == 0
    logs = worker.log.read_text() + caplog.text
    assert not any(secret in logs for secret in (redis_server.QUOTED, redis_server.PASSWORD, postgres.QUOTED))


async def test_check_says_which_workers_there_are(tmp_path: Path, redis: RedisServer, start_agent: StartAgent) -> None:
    def check() -> subprocess.CompletedProcess[str]:
        return ran(tmp_path / "data", "check", TUNESMITH_WORKERS__BROKER=redis.url(), TUNESMITH_WEB__ENABLED="false")

    nobody = await asyncio.to_thread(check)
    assert nobody.returncode == 1
    assert "WRONG  worker: no worker is at the broker: start one with python -m bot worker\n" in nobody.stdout
    await start_agent("home").ready()
    done = await asyncio.to_thread(check)
    assert done.returncode == 0, done.stdout
    assert "ok     worker: home (" in done.stdout
    assert redis_server.QUOTED not in done.stdout + done.stderr


def test_a_worker_without_a_broker_is_one_line(tmp_path: Path) -> None:
    done = ran(tmp_path / "data", "worker")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no [workers] broker to work for")


def test_without_the_package_for_redis_it_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "bot.workers.cluster.client", None)
    config = Config(data_dir=tmp_path, workers=Workers(broker=SecretStr("redis://mq")))

    async def start() -> None:
        async with running(config):
            raise AssertionError("it must not start")

    with pytest.raises(ConfigError, match=r"pip install -e '\.\[cluster\]'"):
        asyncio.run(start())
