"""Prompts can ask for an opening to be transposed, and for a tune to be varied.

A prompt has to be repeatable years later, so it keeps both; a variation also keeps the tune that it came from. Older
prompts asked for neither.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prompts") as prompts:
        prompts.add_column(sa.Column("transpose", sa.Boolean(), server_default=sa.false(), nullable=False))
        prompts.add_column(sa.Column("vary", sa.String(length=16), server_default="", nullable=False))
        prompts.add_column(sa.Column("varied_from", sa.Integer(), nullable=True))
        prompts.create_foreign_key(op.f("fk_prompts_varied_from_tunes"), "tunes", ["varied_from"], ["id"])
