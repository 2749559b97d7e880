"""Where SQLite and PostgreSQL differ: INSERT … ON CONFLICT, which both have and SQLAlchemy spells twice, and locks."""

from typing import TypeAlias

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_for(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT into `table` that has `on_conflict_do_update` in this connection's dialect."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


async def one_at_a_time(connection: AsyncConnection, table: Table) -> None:
    """Let no other transaction write to a table until this one ends; in SQLite none does anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))
