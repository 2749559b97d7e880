"""Redis for tests: skipped where it is missing."""

import pytest

from bot.benchmarks.servers import PASSWORD, QUOTED, RedisServer, missing_redis
from bot.benchmarks.servers import redis as running

__all__ = ["PASSWORD", "QUOTED", "RedisServer", "running", "skip_where_missing"]


def skip_where_missing() -> None:
    if reason := missing_redis():
        pytest.skip(reason)
