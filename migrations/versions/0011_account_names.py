"""Names of Discord's members are those of their accounts, which a member's next command stores.

What was stored until now was the nickname on the server that a member used last, and other servers showed it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().execute(sa.text("UPDATE members SET name = '' WHERE platform = 'discord'"))
