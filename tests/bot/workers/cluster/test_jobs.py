"""What is said where Redis cannot be used: one line, without a password."""

import pytest

from bot.core.errors import ConfigError
from bot.workers.cluster.client import Cluster
from tests.engines import redis_server
from tests.engines.redis_server import RedisServer


@pytest.mark.parametrize("wrong", ["password", "none"])
async def test_a_wrong_password_is_one_line_that_does_not_show_it(
    redis: RedisServer, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = redis.url().replace(redis_server.QUOTED, "wrong-secret")
    if wrong == "none":
        url = url.replace(":wrong-secret@", "")
    with pytest.raises(
        ConfigError, match=r"Redis at 127\.0\.0\.1:\d+ refuses the bot .*see \[workers\] broker"
    ) as caught:
        async with Cluster(url):
            raise AssertionError("it must not start")
    assert "\n" not in str(caught.value)
    assert "wrong-secret" not in f"{caught.value} {caplog.text} {Cluster(url)!r}"


@pytest.mark.parametrize(
    "url", ["redis://:sec/ret@host/0", "redis://:secret@host:port/0", "redis://:secret@host/0?db=x"]
)
def test_a_url_that_cannot_be_read_is_one_line_that_does_not_show_it(url: str) -> None:
    redis_server.skip_where_missing()
    with pytest.raises(ConfigError, match="write the broker as redis://") as caught:
        Cluster(url)
    assert "sec" not in str(caught.value).replace("special", "")
