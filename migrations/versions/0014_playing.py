"""Prompts say at which tempo, by which instrument and with or without a band their tunes are played.

They are kept so that a tune sounds the same whenever it is shown, and when its prompt is repeated. NULL is what is
usual for the dance, as it was for all prompts until now. Servers have defaults for these options, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prompts") as prompts:
        prompts.add_column(sa.Column("tempo", sa.Integer(), nullable=True))
        prompts.add_column(sa.Column("instrument", sa.String(length=16), nullable=True))
        prompts.add_column(sa.Column("band", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("server_settings") as settings:
        settings.add_column(sa.Column("tempo", sa.Integer(), nullable=True))
        settings.add_column(sa.Column("instrument", sa.String(length=16), nullable=True))
        settings.add_column(sa.Column("band", sa.Boolean(), nullable=True))
