"""Tunes keep their score, and have indexes by it: a leaderboard over a million tunes must not count ten million votes.

`score` is the sum of a tune's votes. Two indexes serve the leaderboard of all time, of all rhythms and of one; the
third serves that of the last days, in which few tunes were composed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SHOWN = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("tunes") as tunes:
        tunes.add_column(sa.Column("score", sa.Integer(), server_default="0", nullable=False))
    op.execute(
        "UPDATE tunes SET score = (SELECT sum(value) FROM votes WHERE votes.tune_id = tunes.id)"
        " WHERE id IN (SELECT tune_id FROM votes)"
    )
    _index("ix_tunes_top", ["server_id", "score", "id"])
    _index("ix_tunes_rhythm_top", ["server_id", "rhythm", "score", "id"])
    _index("ix_tunes_recent", ["server_id", "created_at", "rhythm", "score", "id"])


def _index(name: str, columns: list[str]) -> None:
    op.create_index(name, "tunes", columns, sqlite_where=_SHOWN, postgresql_where=_SHOWN)
