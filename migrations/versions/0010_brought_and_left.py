"""Prompts say whether they hold what a member brought, and servers when the bot left them.

An opening that a member wrote, and every variation of what grew from it, must never enter training. A prompt without
`varied_from` has its opening from its member; a variation has it from the tune that it varies, whose prompt is asked in
turn. A server that the bot has left is erased after a while ([privacy] keep), unless the bot comes back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WRITTEN = "UPDATE prompts SET brought = true WHERE opening != '' AND varied_from IS NULL"
_VARIED = """
UPDATE prompts SET brought = true WHERE NOT brought AND varied_from IN (
    SELECT tunes.id FROM tunes JOIN prompts AS first ON first.id = tunes.prompt_id WHERE first.brought
)"""


def upgrade() -> None:
    with op.batch_alter_table("prompts") as prompts:
        prompts.add_column(sa.Column("brought", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("servers") as servers:
        servers.add_column(sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    connection.execute(sa.text(_WRITTEN))
    while connection.execute(sa.text(_VARIED)).rowcount:  # one generation of variations at a time
        pass
