"""Redis over TLS: jobs travel, a certificate of another authority is refused, and no password is shown."""

import pytest

from bot.workers.cluster.connection import BrokerUnavailable
from bot.workers.cluster.jobs import Broker
from tests.bot.workers.conftest import RunAgent, cluster
from tests.bot.workers.jobs import job
from tests.command_line import free_port
from tests.engines import redis_server
from tests.engines.certificates import signed


async def test_jobs_travel_through_an_encrypted_redis(run_agent: RunAgent) -> None:
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
        async with cluster(redis, url=trusting) as bot, run_agent(url=trusting):
            assert (await bot.compose(job("abc"))).title == "Seed 3"
        for wrong in (f"{url}?ssl_ca_certs={files.other}", redis.url(port)):
            broker = Broker(wrong)
            with pytest.raises(BrokerUnavailable) as refused:
                await broker.announce()
            await broker.close()
            assert not any(secret in str(refused.value) for secret in (redis_server.PASSWORD, redis_server.QUOTED))
