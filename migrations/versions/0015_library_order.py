"""A server's tunes, newest first, from an index: SQLite sorted all of them for each page of the library."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SHOWN = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_tunes_shown", "tunes", ["server_id", "id"], sqlite_where=_SHOWN, postgresql_where=_SHOWN)
