"""Alembic's entry: runs the migrations on the connection, and in the transaction, that bot/store/migrate.py opened."""

from alembic import context

from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters little; a batch replaces the whole table
    transactional_ddl=True,  # true of SQLite as well, where we begin the transaction ourselves
)
with context.begin_transaction():
    context.run_migrations()
