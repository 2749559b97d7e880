"""PostgreSQL as the store: migrations one at a time, and outages of the server."""

import asyncio
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from bot.core.errors import StoreError, StoreUnavailable
from bot.store import Store
from bot.store.database import ServerTimeouts
from bot.store.migrate import MIGRATIONS, migrate
from bot.store.retry import retry_while_unavailable
from bot.store.tables import metadata
from tests.bot.store.samples import a_member, a_prompt, a_tune, new_tunes, rows
from tests.bot.store.test_migrate import FIRST_ROWS, HEAD, next_release
from tests.command_line import environment, free_port
from tests.engines import postgres
from tests.engines.proxy import proxy


@pytest.fixture
def empty(new_database: Callable[[], str]) -> str:
    return new_database()


async def version(url: str) -> list[tuple[str, ...]]:
    return await rows(url, "SELECT version_num FROM alembic_version")


async def test_migrations_and_tables_agree(database: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    engine = create_async_engine(database)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_three_bots_that_migrate_at_once_agree(empty: str, tmp_path: Path) -> None:
    given = environment(tmp_path / "data", TUNESMITH_STORE__URL=empty)
    command = (sys.executable, "-m", "bot", "migrate")
    pipe = asyncio.subprocess.PIPE
    bots = [
        await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=given, stdout=pipe, stderr=pipe)
        for _ in range(3)
    ]
    outputs = await asyncio.gather(*(bot.communicate() for bot in bots))
    assert [bot.returncode for bot in bots] == [0] * 3, outputs
    assert await version(empty) == [(HEAD,)]
    assert all(postgres.PASSWORD not in str(lines) and postgres.QUOTED not in str(lines) for lines in outputs)
    assert b"is up to date" in outputs[0][0]


async def test_a_database_of_the_first_release_keeps_its_rows(tmp_path: Path, empty: str) -> None:
    scripts = Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))
    for later in (scripts / "versions").glob("*.py"):
        if not later.name.startswith("0001"):
            later.unlink()
    await migrate(empty, scripts)
    await postgres.run(empty, *filter(str.strip, FIRST_ROWS.split(";\n")))
    async with await Store.open(empty) as store:
        tune = await store.tunes.load(1, viewer=1)
        assert tune is not None
        assert (tune.title, tune.prompt.seed, tune.prompt.opening, tune.votes.mine) == ("The Long Lane", 8, "EBBA|", 1)
        assert tune.votes.up == 1
        assert [prompt.id for prompt in await store.prompts.unfinished(["web"])] == [2]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, database: str) -> None:
    with pytest.raises(ZeroDivisionError):
        await migrate(database, next_release(tmp_path, "1 / 0"))
    assert await version(database) == [(HEAD,)]
    async with await Store.open(database) as store:
        await a_tune(store)


async def test_a_newer_database_is_refused(tmp_path: Path, empty: str) -> None:
    await migrate(empty, next_release(tmp_path))
    with pytest.raises(StoreError, match=r"newer release .*9999") as refusal:
        await Store.open(empty)
    assert postgres.QUOTED not in str(refusal.value)
    assert await version(empty) == [("9999",)]


async def test_another_programs_database_is_refused(empty: str) -> None:
    await postgres.run(empty, "CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StoreError, match="another program"):
        await Store.open(empty)


async def test_what_is_read_together_is_of_one_moment(store: Store) -> None:
    """A page of history is two queries: a tune that is stored between them must not show in one of them alone."""
    prompt = await a_prompt(store)
    began, go = asyncio.Event(), asyncio.Event()

    async def look(connection: object) -> tuple[int, int]:
        from bot.store import prompts, tunes

        first = await prompts.load(connection, prompt.id)  # type: ignore[arg-type]
        began.set()
        await go.wait()
        assert first
        return len(await tunes.of_prompts(connection, [prompt.id], 0)), first.attempts  # type: ignore[arg-type]

    looking = asyncio.create_task(store._database.read(look))
    await began.wait()
    await store.prompts.finish(prompt.id, new_tunes(2))
    go.set()
    assert await looking == (0, 0)
    assert len(await store.tunes.of_prompts([prompt.id])) == 2


@pytest.mark.parametrize("wrong", ["password", "name", "port", "host"])
async def test_a_server_that_cannot_be_used_is_one_line_without_the_password(database: str, wrong: str) -> None:
    port = database.rpartition(":")[2].partition("/")[0]
    url = {
        "password": database.replace(postgres.QUOTED, "wrong-secret"),
        "name": f"{database}x",
        "port": database.replace(port, str(free_port())),
        "host": database.replace("127.0.0.1", "no-such-host.invalid"),
    }[wrong]
    began = time.monotonic()
    with pytest.raises(StoreError, match="cannot use the database") as refusal:
        await Store.open(url)
    assert "\n" not in str(refusal.value)
    assert not any(secret in str(refusal.value) for secret in (postgres.QUOTED, postgres.PASSWORD, "wrong-secret"))
    assert time.monotonic() - began < 20


async def test_a_network_that_swallows_everything_is_noticed_and_forgotten(
    database: str,
) -> None:
    timeouts = ServerTimeouts(connect=0.5, answer=1.0)
    port = make_url(database).port
    assert port
    async with proxy(port) as way:
        url = make_url(database).set(port=way.port).render_as_string(hide_password=False)
        async with await Store.open(url, timeouts=timeouts) as store:
            tune = await a_tune(store)
            way.open.clear()
            began = time.monotonic()
            calls = [store.tunes.load(tune.id) for _ in range(4)] + [
                store.votes.cast(tune.id, tune.member_id, 1) for _ in range(4)
            ]
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(result, StoreUnavailable) for result in results), results
            assert time.monotonic() - began < 8
            way.open.set()
            assert (await retry_while_unavailable(store.votes.cast, tune.id, tune.member_id, 1)).up == 1
            tunes = await asyncio.gather(*(retry_while_unavailable(store.tunes.load, tune.id) for _ in range(30)))
            assert {again.votes.up for again in tunes if again} == {1}
            assert not store.outage


async def test_a_server_that_is_killed_is_one_line_and_the_store_goes_on_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    postgres.skip_where_missing()
    with postgres.running() as server:
        async with await Store.open(server.url("postgres")) as store:
            ids = await a_member(store)
            tunes = [await a_tune(store) for _ in range(3)]
            await asyncio.gather(*(store.tunes.load(tunes[0].id) for _ in range(20)))  # several connections are open
            await asyncio.to_thread(server.kill)
            for work in (
                store.tunes.load(tunes[0].id),
                store.votes.cast(tunes[0].id, ids[0], 1),
                store.versions.load_all(),
            ):
                with pytest.raises(StoreUnavailable, match="the database does not answer: please ask again") as lost:
                    await work
                assert "\n" not in str(lost.value)
            assert store.outage
            await asyncio.to_thread(server.start)
            votes = await asyncio.gather(*(store.votes.cast(tune.id, ids[0], 1) for tune in tunes))
            assert [vote.up for vote in votes] == [1, 1, 1]
            assert not store.outage
    lines = [record.getMessage() for record in caplog.records if record.name == "bot.store.database"]
    assert len(lines) == 2, "one when it goes, one when it is back"
    assert lines[1].endswith("is back")
    assert postgres.QUOTED not in caplog.text
