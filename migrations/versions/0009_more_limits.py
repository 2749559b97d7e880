"""A server's admins also set how often its members together may ask, and how many prompts of one member may wait.

NULL is what the bot does elsewhere, as for the other settings.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("server_settings") as settings:
        settings.add_column(sa.Column("server_cooldown", sa.Integer(), nullable=True))
        settings.add_column(sa.Column("member_waiting", sa.Integer(), nullable=True))
