"""The checkpoints on a worker's disk: fetched once, verified, the last ones used kept."""

import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from bot.core.errors import WorkerError
from bot.workers.agent.checkpoint_cache import CheckpointCache
from bot.workers.cluster.files import Files
from bot.workers.cluster.jobs import Broker
from model.worker.protocol import Job
from tests.bot.workers.agent.test_agent import versioned
from tests.bot.workers.conftest import RunAgent, cluster
from tests.bot.workers.jobs import job, outcomes
from tests.engines.redis_server import RedisServer
from tests.waiting import until


def elsewhere(name: str, sha256: str) -> Job:
    """A job whose checkpoint is a file of another machine."""
    return replace(job(name), checkpoint="/on/another/machine", sha256=sha256, version=2)


def provide(data: bytes) -> Callable[[str], Awaitable[bytes | None]]:
    async def find(sha256: str) -> bytes | None:
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    return find


async def test_a_checkpoint_that_a_worker_lacks_is_fetched_once_and_verified(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    mine, lines = tmp_path / "mine.safetensors", tmp_path / "lines"
    mine.write_bytes(bytes(range(256)) * 10_000)  # more than one part
    sha256 = versioned("a", mine).sha256
    async with cluster(redis) as bot, run_agent("--log", str(lines)) as agent:
        assert await outcomes(*(bot.compose(versioned(f"{n}", mine)) for n in range(5))) == ["done"] * 5
        fetched = agent.cache.folder / f"{sha256}.safetensors"
        assert fetched.read_bytes() == mine.read_bytes()
        assert lines.read_text().count(f'"checkpoint": "{fetched}"') == 5
        await until(lambda: any(health.versions == (2,) for health in bot.workers()))
        mine.unlink()
    fetched.write_bytes(b"damaged while no worker ran")
    async with cluster(redis, provide=provide(bytes(range(256)) * 10_000)) as bot, run_agent():
        assert await outcomes(bot.compose(elsewhere("a", sha256))) == ["done"]
        assert hashlib.sha256(fetched.read_bytes()).hexdigest() == sha256


async def test_a_checkpoint_that_was_damaged_on_the_way_is_never_used(
    redis: RedisServer, run_agent: RunAgent, tmp_path: Path
) -> None:
    data = b"weights" * 1000
    sha256 = hashlib.sha256(data).hexdigest()
    broker = Broker(redis.url())
    await broker.files.upload(sha256, data[:-1])
    async with cluster(redis, provide=provide(data)) as bot, run_agent() as agent:
        assert await outcomes(bot.compose(elsewhere("a", sha256))) == ["done"]
        assert (agent.cache.folder / f"{sha256}.safetensors").read_bytes() == data
    await broker.close()


async def test_a_file_that_nobody_uploads_is_requested_and_given_up(redis: RedisServer, tmp_path: Path) -> None:
    broker = Broker(redis.url())
    cache = CheckpointCache(tmp_path, broker.files, poll=0.01, request_every=0.02, timeout=0.1)
    with pytest.raises(WorkerError, match=r"no bot brought the file aaaaaaaaaaaa within 0\.1 s"):
        await cache.path("a" * 64)
    assert await broker.files.requested() == {"a" * 64}
    await broker.close()


async def test_the_checkpoints_used_longest_ago_make_room(tmp_path: Path) -> None:
    uploaded = {hashlib.sha256(data).hexdigest(): data for data in (b"first", b"second", b"third")}
    first, second, third = uploaded
    files = AsyncMock(spec=Files)
    files.download.side_effect = uploaded.__getitem__
    cache = CheckpointCache(tmp_path, files, size=2)
    for sha256 in (first, second, first, third):
        assert (await cache.path(sha256)).read_bytes() == uploaded[sha256]
    assert cache.held() == {first, third} == {name.removesuffix(".safetensors") for name in os.listdir(tmp_path)}
    assert (await cache.path(second)).read_bytes() == b"second"
    assert cache.held() == {second, third}
    smaller = CheckpointCache(tmp_path, files, size=1)
    smaller.load()
    assert len(smaller.held()) == len(os.listdir(tmp_path)) == 1


def test_of_the_files_in_the_folder_only_its_own_damaged_ones_are_removed(tmp_path: Path) -> None:
    whole = f"{hashlib.sha256(b'whole').hexdigest()}.safetensors"
    files = {whole: b"whole", f"{'a' * 64}.safetensors": b"cut", "retraining-1.safetensors": b"learned"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    cache = CheckpointCache(tmp_path, AsyncMock(spec=Files))
    cache.load()
    assert {f"{sha256}.safetensors" for sha256 in cache.held()} == {whole}
    assert {path.name for path in tmp_path.iterdir()} == {whole, "retraining-1.safetensors"}
