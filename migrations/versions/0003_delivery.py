"""Prompts know whether their answer was delivered, and tunes which version composed them.

After a crash the front end has to find the messages that still say "composing" although their prompts are done; and a
tune whose version's checkpoint could not be used was composed by another than its prompt asked for. `delivered_at` is
NULL until the message shows the answer; a tune's `version` is NULL where it is its prompt's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prompts") as prompts:
        prompts.add_column(sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("tunes") as tunes:
        tunes.add_column(sa.Column("version", sa.Integer(), nullable=True))
        tunes.create_foreign_key(op.f("fk_tunes_version_versions"), "versions", ["version"], ["number"])
    waiting = sa.text("message_id IS NOT NULL AND delivered_at IS NULL")
    op.create_index("ix_prompts_undelivered", "prompts", ["id"], sqlite_where=waiting, postgresql_where=waiting)
