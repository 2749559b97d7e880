"""Leaderboards by period and by Wilson score, members' favourites, settings of servers, and an audit of their admins.

A vote of one up is no better than ninety of a hundred, so a tune's score is the lower bound of the Wilson interval
instead of the difference, and the votes of this day, week and month are kept in `standings`. Nobody is asked for the
best of the newest tunes any more, so their index goes. What was voted before today counts for the standings too.
"""

import math
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SHOWN = sa.text("deleted_at IS NULL")
_UP = sa.text("value = 1")
_LEADERS = {"ix_tunes_top": ["server_id", "score", "id"], "ix_tunes_rhythm_top": ["server_id", "rhythm", "score", "id"]}
_STANDINGS = """INSERT INTO standings (period, began, tune_id, server_id, rhythm, up, down, score)
    SELECT :period, :began, tunes.id, server_id, rhythm, sum(CASE value WHEN 1 THEN 1 ELSE 0 END),
    sum(CASE value WHEN -1 THEN 1 ELSE 0 END), 0 FROM votes JOIN tunes ON tune_id = tunes.id
    WHERE updated_at >= :since AND deleted_at IS NULL GROUP BY tunes.id, server_id, rhythm"""


def upgrade() -> None:
    for name in (*_LEADERS, "ix_tunes_recent"):
        op.drop_index(name, "tunes")
    with op.batch_alter_table("tunes") as tunes:
        tunes.alter_column(
            "score", type_=sa.Float(), existing_type=sa.Integer(), existing_server_default="0", existing_nullable=False
        )
    for name, columns in _LEADERS.items():
        op.create_index(name, "tunes", columns, sqlite_where=_SHOWN, postgresql_where=_SHOWN)
    op.create_index("ix_votes_favourites", "votes", ["member_id", "updated_at"], sqlite_where=_UP, postgresql_where=_UP)
    _create_standings()
    _create_settings()
    _score("tunes")
    _fill_standings()


def _create_standings() -> None:
    op.create_table(
        "standings",
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("began", sa.Date(), nullable=False),
        sa.Column("tune_id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.String(length=32), nullable=False),
        sa.Column("up", sa.Integer(), nullable=False),
        sa.Column("down", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["tune_id"], ["tunes.id"], name=op.f("fk_standings_tune_id_tunes")),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name=op.f("fk_standings_server_id_servers")),
        sa.PrimaryKeyConstraint("period", "began", "tune_id", name=op.f("pk_standings")),
        sqlite_with_rowid=False,
    )
    first, last = ["server_id", "period", "began"], ["score", "tune_id"]
    for columns in ([*first, *last], [*first, "rhythm", *last]):
        op.create_index(op.f(f"ix_standings_{'_'.join(columns)}"), "standings", columns)


def _create_settings() -> None:
    op.create_table(
        "server_settings",
        sa.Column("server_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rhythm", sa.String(length=32), nullable=True),
        sa.Column("temperature", sa.Float(), nullable=True),
        sa.Column("form", sa.String(length=16), nullable=True),
        sa.Column("cooldown", sa.Integer(), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=True),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.Column("admin_roles", sa.JSON(), nullable=False),
        sa.Column("log_channel", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name=op.f("fk_server_settings_server_id_servers")),
        sa.PrimaryKeyConstraint("server_id", name=op.f("pk_server_settings")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["servers.id"], name=op.f("fk_audit_server_id_servers")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_audit_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_server_id_id"), "audit", ["server_id", "id"])


def _fill_standings() -> None:
    now = datetime.now(UTC)
    today = now.date()
    began = {"day": today, "week": today - timedelta(days=today.weekday()), "month": today.replace(day=1)}
    statement = sa.text(_STANDINGS).bindparams(
        sa.bindparam("began", type_=sa.Date()), sa.bindparam("since", type_=sa.DateTime(timezone=True))
    )
    for period, first in began.items():
        op.get_bind().execute(statement, {"period": period, "began": first, "since": _midnight(first)})
    _score("standings")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _score(table: str) -> None:
    """The database may have no square root, so it is asked which counts there are."""
    connection = op.get_bind()
    pairs = connection.execute(sa.text(f"SELECT DISTINCT up, down FROM {table} WHERE up + down > 0")).all()
    statement = sa.text(f"UPDATE {table} SET score = :score WHERE up = :up AND down = :down")
    if pairs:
        scores = [{"up": up, "down": down, "score": _wilson(up, down)} for up, down in pairs]
        connection.execute(statement, scores)


def _wilson(up: int, down: int) -> float:
    if not up:
        return 0.0
    votes, z = up + down, 1.959963984540054
    share, square = up / votes, z * z / votes
    return (share + square / 2 - z * math.sqrt(share * (1 - share) / votes + square / (4 * votes))) / (1 + square)
