"""Many machines."""

import pytest

from bot.benchmarks import machines
from tests.engines import postgres
from tests.engines.redis_server import RedisServer


async def test_a_job_through_redis_is_timed_beside_one_without(redis: RedisServer) -> None:
    assert -1000 < await machines._overhead(redis, jobs=3) < 1000


async def test_workers_are_counted_before_their_throughput_is_measured(redis: RedisServer) -> None:
    assert 0 < await machines._throughput(redis, workers=1, tunes=4) < 1 / machines.DEVICE


async def test_every_prompt_is_delivered_once_although_a_bot_and_a_worker_are_killed(redis: RedisServer) -> None:
    postgres.skip_where_missing()
    delivered, twice, speed = await machines._kill(machines.MachinesSize(prompts=30, workers=2))
    assert (delivered.ours, twice.ours) == (30, 0)
    assert speed.ours > 0


def test_without_redis_it_says_so_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert list(machines.measure()) == []
    assert capsys.readouterr().err == "many machines: not measured, Redis is not installed (Debian: redis-server)\n"
