"""Redis over TLS: jobs travel, whom another has signed is refused, and no password is told."""

import pytest

from bot.workers.cluster.files import BrokerUnavailable
from bot.workers.cluster.jobs import Broker
from tests.bot.workers.conftest import Run, cluster
from tests.bot.workers.local.test_worker import job
from tests.command_line import free_port
from tests.engines import redis_server
from tests.engines.certificates import signed


async def test_jobs_travel_through_an_encrypted_redis(station: Run) -> None:
    port = free_port()
    with (
        signed() as files,
        redis_server.running(
            **{"tls-port": str(port), "tls-auth-clients": "no"},
            **{"tls-cert-file": str(files.certificate), "tls-key-file": str(files.key)},
        ) as redis,
    ):
        url = redis.url(port).replace("redis:", "rediss:")
        trusting = f"{url}?ssl_ca_certs={files.signer}"
        async with cluster(redis, url=trusting) as bot, station(url=trusting):
            assert (await bot.compose(job("abc"))).title == "Seed 3"
        for wrong in (f"{url}?ssl_ca_certs={files.other}", redis.url(port)):
            broker = Broker(wrong)
            with pytest.raises(BrokerUnavailable) as refused:
                await broker.announce()
            await broker.close()
            assert not any(secret in str(refused.value) for secret in (redis_server.PASSWORD, redis_server.QUOTED))
