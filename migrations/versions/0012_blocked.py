"""Admins can have the like of a tune, or a title, not be given again on their server.

`abc` is the tune, whose like is not given again, `title` the title; one of them is empty. `tune_id` is the tune that it
was, which may be erased by now, and `member_id` whose tune that was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocked",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("tune_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abc", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_blocked_member_id_members")),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name=op.f("fk_blocked_server_id_servers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked")),
    )
    op.create_index(op.f("ix_blocked_server_id"), "blocked", ["server_id"])
    op.create_index(op.f("ix_blocked_member_id"), "blocked", ["member_id"])
