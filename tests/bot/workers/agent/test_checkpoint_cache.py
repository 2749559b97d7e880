"""Checkpoints and the workers that hold them: jobs go where their version is, and a version where it is lacking."""

import asyncio
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from bot.workers.agent import agent as stations
from bot.workers.agent import checkpoint_cache
from bot.workers.cluster.files import Files
from bot.workers.cluster.jobs import Broker
from model.worker.protocol import Job
from tests.bot.workers.conftest import Run, cluster
from tests.bot.workers.local.test_worker import job, outcomes, until
from tests.engines.redis_server import RedisServer


def versioned(name: str, path: Path, does: str = "", version: int = 2) -> Job:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(job(name, does), checkpoint=str(path), sha256=sha256, version=version)


async def test_jobs_prefer_workers_that_hold_their_version_until_those_are_full(
    redis: RedisServer, station: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stations, "PREFERENCE", 0.6)
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"weights")
    sha256 = versioned("a", mine).sha256
    has_it, has_it_not = station(name="has it", slots=3, own={sha256: mine}), station(name="has it not")
    async with cluster(redis) as bot, has_it as holder, has_it_not as other:
        await until(lambda: len(other._peers) == 2 and sha256 in other._versions)
        await bot.compose(versioned("first", mine))
        assert await outcomes(*(bot.compose(versioned(f"{n}", mine)) for n in range(20))) == ["done"] * 20
        assert other.cache.held() == set()
        work = [asyncio.create_task(bot.compose(versioned(f"{n}", mine, "quiet"))) for n in range(4)]
        await until(lambda: len(holder._working) == 3 and len(other._working) == 1)
        await until(lambda: other.cache.held() == {sha256})
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


async def test_a_checkpoint_that_a_worker_lacks_is_fetched_once_and_verified(
    redis: RedisServer, station: Run, tmp_path: Path
) -> None:
    mine, lines = tmp_path / "mine.safetensors", tmp_path / "lines"
    mine.write_bytes(bytes(range(256)) * 10_000)  # more than one part
    sha256 = versioned("a", mine).sha256
    async with cluster(redis) as bot, station("--log", str(lines)) as one:
        assert await outcomes(*(bot.compose(versioned(f"{n}", mine)) for n in range(5))) == ["done"] * 5
        there = one.cache.folder / f"{sha256}.safetensors"
        assert there.read_bytes() == mine.read_bytes()
        assert lines.read_text().count(f'"checkpoint": "{there}"') == 5
        await until(lambda: any(health.versions == (2,) for health in bot.workers()))
        mine.unlink()
    there.write_bytes(b"damaged while nobody looked")
    async with cluster(redis, provide=_provide(bytes(range(256)) * 10_000)) as bot, station() as one:
        assert await outcomes(bot.compose(versioned_by_hash("a", sha256))) == ["done"]
        assert hashlib.sha256(there.read_bytes()).hexdigest() == sha256


def _provide(data: bytes) -> object:
    async def provide(sha256: str) -> bytes | None:
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    return provide


def versioned_by_hash(name: str, sha256: str) -> Job:
    return replace(job(name), checkpoint="/on/another/machine", sha256=sha256, version=2)


async def test_a_checkpoint_that_is_not_what_it_should_be_is_never_used(
    redis: RedisServer, station: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_cache, "PATIENCE", 10.0)
    data, lines = b"weights" * 1000, tmp_path / "lines"
    sha256 = hashlib.sha256(data).hexdigest()
    broker = Broker(redis.url())
    await broker.files.bring(sha256, data[:-1])
    async with cluster(redis, provide=_provide(data)) as bot, station("--log", str(lines)) as one:
        assert await outcomes(bot.compose(versioned_by_hash("a", sha256))) == ["done"]
        assert (one.cache.folder / f"{sha256}.safetensors").read_bytes() == data
    await broker.close()


async def test_the_checkpoints_used_longest_ago_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_cache, "KEPT", 2)
    brought = {hashlib.sha256(data).hexdigest(): data for data in (b"first", b"second", b"third")}
    first, second, third = brought
    files = AsyncMock(spec=Files)
    files.get.side_effect = brought.__getitem__
    held = checkpoint_cache.Cache(tmp_path, files)
    for sha256 in (first, second, first, third):
        assert (await held.path(sha256)).read_bytes() == brought[sha256]
    assert held.held() == {first, third} == {name.removesuffix(".safetensors") for name in os.listdir(tmp_path)}
    assert (await held.path(second)).read_bytes() == b"second"
    assert held.held() == {second, third}


def test_of_what_lies_in_the_folder_only_its_own_damaged_files_are_removed(tmp_path: Path) -> None:
    whole = f"{hashlib.sha256(b'whole').hexdigest()}.safetensors"
    lying = {whole: b"whole", f"{'a' * 64}.safetensors": b"cut", "retraining-1.safetensors": b"learned"}
    for name, data in lying.items():
        (tmp_path / name).write_bytes(data)
    held = checkpoint_cache.Cache(tmp_path, AsyncMock(spec=Files))
    held.find()
    assert {f"{sha256}.safetensors" for sha256 in held.held()} == {whole}
    assert {path.name for path in tmp_path.iterdir()} == {whole, "retraining-1.safetensors"}
