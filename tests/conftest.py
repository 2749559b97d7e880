"""Engines for all tests: PostgreSQL, started once, a Redis of each test's own, and workers that dial out to it.

Tests of what is not installed are skipped, with the reason.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.store.migrate import migrate
from bot.store.tables import metadata
from tests.engines import postgres, redis_server
from tests.engines.redis_server import RedisServer
from tests.engines.worker_processes import AgentProcess, StartAgent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the whole product are the longest: begun last, they would leave the other processor idle."""
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """One server for all tests that only want databases of their own."""
    postgres.skip_where_missing()
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def new_database(postgres_server: postgres.Postgres) -> Callable[[], str]:
    """Makes an empty database and gives its URL."""
    numbers = itertools.count(1)

    def create() -> str:
        name = f"test{next(numbers)}"
        postgres.elsewhere(postgres.run(postgres_server.url("postgres"), f"CREATE DATABASE {name} STRATEGY FILE_COPY"))
        return postgres_server.url(name)

    return create


@pytest.fixture(scope="session")
def database_with_tables(new_database: Callable[[], str]) -> str:
    url = new_database()
    postgres.elsewhere(migrate(url))
    return url


@pytest.fixture
def database(database_with_tables: str) -> str:
    """The URL of a database whose tables are empty."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    postgres.elsewhere(postgres.run(database_with_tables, f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    return database_with_tables


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    redis_server.skip_where_missing()
    with redis_server.running() as server:
        yield server


@pytest.fixture
def start_agent(redis: RedisServer, tmp_path: Path) -> Iterator[StartAgent]:
    """Starts worker processes, which are gone afterwards."""
    started: list[AgentProcess] = []

    def start(
        name: str = "home",
        lease: float = 1.5,
        *options: str,
        program: str = "tests.bot.workers.agent.worker_process",
        trains: str = "",
    ) -> AgentProcess:
        started.append(AgentProcess(tmp_path, redis.url(), name, lease, *options, program=program, trains=trains))
        return started[-1]

    yield start
    for agent in started:
        agent.end()
