"""Tunes keep their counts of votes, and have indexes by score: a leaderboard must not count ten million votes.

`score` is `up` - `down`. Two indexes serve the leaderboard of all time, of all rhythms and of one; the
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
        for name in ("up", "down", "score"):
            tunes.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    count = "(SELECT count(*) FROM votes WHERE votes.tune_id = tunes.id AND value = {})"
    op.execute(f"UPDATE tunes SET up = {count.format(1)}, down = {count.format(-1)}")
    op.execute("UPDATE tunes SET score = up - down")
    _index("ix_tunes_top", ["server_id", "score", "id"])
    _index("ix_tunes_rhythm_top", ["server_id", "rhythm", "score", "id"])
    _index("ix_tunes_recent", ["server_id", "created_at", "rhythm", "score", "id"])


def _index(name: str, columns: list[str]) -> None:
    op.create_index(name, "tunes", columns, sqlite_where=_SHOWN, postgresql_where=_SHOWN)
