"""INSERT … ON CONFLICT: SQLite and PostgreSQL spell it alike, SQLAlchemy gives each its own construct."""

from typing import TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Insert: TypeAlias = sqlite.Insert | postgresql.Insert


def insert_for(connection: AsyncConnection, table: Table) -> Insert:
    """An INSERT into `table` that has `on_conflict_do_update` in this connection's dialect."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
