"""Retrainings, and which version is in use: what members like becomes a version, and an admin can go back to another.

The version in use is the one that was chosen last; of databases older than this none was chosen, and the start of the
bot chooses the one that it used so far. A version whose file was deleted to save space is `pruned`. At most one
retraining is `open`, which the column's uniqueness sees to: it is NULL for those that have ended. Two more indexes
find the tunes that have votes, to count them by version, and a server's newest of a rhythm, to look for similar ones.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_VOTED = sa.text("up + down > 0 AND deleted_at IS NULL")
_SHOWN = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    _create_retrainings()
    with op.batch_alter_table("versions") as versions:
        versions.add_column(sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=True))
        versions.add_column(sa.Column("pruned_at", sa.DateTime(timezone=True), nullable=True))
        versions.add_column(sa.Column("retraining_id", sa.Integer(), nullable=True))
        versions.create_foreign_key(
            op.f("fk_versions_retraining_id_retrainings"), "retrainings", ["retraining_id"], ["id"]
        )
    columns = ["prompt_id", "version", "up", "down", "deleted_at"]
    op.create_index("ix_tunes_voted", "tunes", columns, sqlite_where=_VOTED, postgresql_where=_VOTED)
    columns = ["server_id", "rhythm", "id"]
    op.create_index("ix_tunes_newest", "tunes", columns, sqlite_where=_SHOWN, postgresql_where=_SHOWN)


def _create_retrainings() -> None:
    op.create_table(
        "retrainings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("votes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tunes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("candidate", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("runner", sa.String(length=32), server_default="", nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel_id", sa.String(length=64), nullable=True),
        sa.Column("message_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_retrainings_member_id_members")),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name=op.f("fk_retrainings_server_id_servers")),
        sa.ForeignKeyConstraint(
            ["base_version"], ["versions.number"], name=op.f("fk_retrainings_base_version_versions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrainings")),
        sa.UniqueConstraint("open", name=op.f("uq_retrainings_open")),
    )
