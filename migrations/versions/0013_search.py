"""Tunes are found by words of their titles and by the first notes of their bars; and what varies a tune by that.

`title_words` and `incipits` have a row for each, as bot.store.search writes them, also for the tunes that there are.
"""

import sqlalchemy as sa
from alembic import op

from bot.store.search_terms import terms

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_SHOWN = sa.text("deleted_at IS NULL")
_VARIES = sa.text("varied_from IS NOT NULL")


def upgrade() -> None:
    columns = ["server_id", "key", "id"]
    op.create_index("ix_tunes_key", "tunes", columns, sqlite_where=_SHOWN, postgresql_where=_SHOWN)
    op.create_index(
        "ix_prompts_varied_from", "prompts", ["varied_from"], sqlite_where=_VARIES, postgresql_where=_VARIES
    )
    words, incipits = _create("title_words", "word", 40), _create("incipits", "steps", 8)
    connection, last = op.get_bind(), 0
    query = sa.text("SELECT id, title, abc FROM tunes WHERE id > :last ORDER BY id LIMIT :most")
    while found := connection.execute(query, {"last": last, "most": _AT_ONCE}).all():
        last = found[-1].id
        rows = [terms(tune.id, tune.title, tune.abc) for tune in found]
        for table, number in ((words, 0), (incipits, 1)):
            if new := [row for pair in rows for row in pair[number]]:
                connection.execute(sa.insert(table), new)


def _create(name: str, term: str, length: int) -> sa.Table:
    kind = sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")
    table = op.create_table(
        name,
        sa.Column(term, kind, nullable=False),
        sa.Column("tune_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tune_id"], ["tunes.id"], name=op.f(f"fk_{name}_tune_id_tunes")),
        sa.PrimaryKeyConstraint(term, "tune_id", name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f(f"ix_{name}_tune_id"), name, ["tune_id"])
    return table
