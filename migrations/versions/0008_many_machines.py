"""Prompts know which bot has them, and until when; checkpoints can be kept where every bot and worker finds them.

Several bots can work on one database. Each prompt is one bot's, who renews its lease by the database's clock for as
long as it lives; others may take a prompt whose lease has run out, and those that are nobody's, as all from before
this are. The path in `versions` means something on one machine alone, so the files themselves can be stored in parts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prompts") as prompts:
        prompts.add_column(sa.Column("bot", sa.String(length=32), nullable=True))
        prompts.add_column(sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "checkpoint_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "part", name=op.f("pk_checkpoint_files")),
    )
