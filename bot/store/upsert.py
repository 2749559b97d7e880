"""INSERT … ON CONFLICT, which SQLAlchemy has once for each dialect, and table locks, which only PostgreSQL needs."""

from typing import TypeAlias

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_for(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT into `table` that has `on_conflict_do_update` in this connection's dialect."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


async def one_at_a_time(connection: AsyncConnection, table: Table) -> None:
    """Keep other transactions from writing to a table until this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
