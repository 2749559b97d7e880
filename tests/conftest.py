"""Engines that several tests share: PostgreSQL, started once where it is installed."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from bot.store.migrate import migrate
from bot.store.tables import metadata
from tests.engines import postgres


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
