"""Tunes remember the tune of the books that is nearest to them, and the temperature that they were drawn at.

A member is told with every tune how original it is, and the worker, who alone can compare it, says so once. The columns
stay NULL (unknown) for the tunes that are older than this, and where nothing was compared.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tunes") as tunes:
        tunes.add_column(sa.Column("nearest_title", sa.Text(), nullable=True))
        tunes.add_column(sa.Column("nearest_source", sa.Text(), nullable=True))
        tunes.add_column(sa.Column("similarity", sa.Float(), nullable=True))
        tunes.add_column(sa.Column("drawn_temperature", sa.Float(), nullable=True))
