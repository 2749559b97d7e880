"""What becomes of redis-py's errors."""

import asyncio
import contextlib

import pytest
from redis.exceptions import AuthenticationError, ConnectionError, ResponseError

from bot.workers.cluster.connection import (
    BrokerRefuses,
    BrokerUnavailable,
    ConnectionState,
    end,
    retry_while_unavailable,
    translated_errors,
)


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (AuthenticationError("invalid password"), True),
        (ResponseError("NOAUTH Authentication required."), True),
        (ResponseError("LOADING Redis is loading the dataset in memory"), False),
        (ConnectionError("Connection refused.\nmore"), False),
        (OSError("no route"), False),
        (TimeoutError(), False),
    ],
)
def test_an_error_is_one_line_that_says_whether_another_try_makes_sense(error: Exception, refused: bool) -> None:
    with pytest.raises(BrokerUnavailable) as caught, translated_errors():
        raise error
    assert isinstance(caught.value, BrokerRefuses) == refused
    assert str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_call_is_made_again_while_redis_is_unavailable() -> None:
    errors = [BrokerUnavailable("refused")]

    async def call(word: str) -> str:
        if errors:
            raise errors.pop()
        return word

    assert await retry_while_unavailable(call, "answer") == "answer"
    assert errors == []


def test_an_outage_is_logged_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    connection = ConnectionState("host:6379", "jobs wait")
    connection.restored()
    for _ in range(3):
        connection.lost(BrokerUnavailable("refused"))
    assert not connection.available
    for _ in range(2):
        connection.restored()
    assert connection.available
    assert [record.getMessage() for record in caplog.records] == [
        "Redis at host:6379 is unavailable (refused): jobs wait",
        "Redis at host:6379 is available again",
    ]


async def test_a_task_that_swallows_a_cancellation_is_ended_all_the_same() -> None:
    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(600)
        await asyncio.sleep(600)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end([task])
    assert task.cancelled()
