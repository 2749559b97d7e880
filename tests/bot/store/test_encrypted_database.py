"""PostgreSQL over TLS: a certificate of another authority is refused, and errors have no password."""

import os
import shutil

import pytest

from bot.core.errors import StoreError
from bot.store import Store
from tests.bot.store.samples import a_tune, rows
from tests.engines import postgres
from tests.engines.certificates import Signed, signed


async def test_a_database_is_reached_over_tls_and_its_certificate_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    postgres.skip_where_missing()
    with signed() as files:
        if os.geteuid() == 0:
            shutil.chown(files.key, "postgres", "postgres")
        await _reached(files, monkeypatch)


async def _reached(files: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    named = f"ssl_cert_file={files.certificate}", f"ssl_key_file={files.key}"
    with postgres.running("ssl=on", *named) as server:
        url = f"{server.url()}?ssl=verify-full"
        monkeypatch.setenv("PGSSLROOTCERT", str(files.signer))
        async with await Store.open(url) as store:
            assert (await a_tune(store)).id == 1
            encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND backend_type"
            assert await rows(server.url(), f"{encrypted} = 'client backend'") >= [(1,)]
        monkeypatch.setenv("PGSSLROOTCERT", str(files.other))
        with pytest.raises(StoreError, match="cannot use the database") as refused:
            await Store.open(url)
        assert not any(secret in str(refused.value) for secret in (postgres.PASSWORD, postgres.QUOTED))
        assert "\n" not in str(refused.value)
