"""The tables. A change needs a numbered migration, which opens with its reason."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
    literal_column,
    true,
)

from bot.store.column_types import RowId, UtcTime


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


metadata = MetaData(
    naming_convention={  # SQLite can only alter a constraint that has a name
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", RowId, primary_key=True)


def _reference(name: str, target: str) -> Column[int]:
    return Column(name, RowId, ForeignKey(target), nullable=False)


def _text(name: str, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _time(name: str, nullable: bool = False) -> Column[Any]:
    return Column(name, UtcTime, nullable=nullable)


def _people(name: str, *more: Column[Any]) -> Table:
    """A table of members or servers, each known by its id on a platform."""
    return Table(
        name,
        metadata,
        _id(),
        Column("platform", String(16), nullable=False),
        Column("external_id", String(200), nullable=False),
        _text("name", ""),
        _time("created_at"),
        *more,
        UniqueConstraint("platform", "external_id"),
    )


members = _people("members")
servers = _people("servers", _time("left_at", nullable=True))  # when the bot left it

versions = Table(
    "versions",
    metadata,
    Column("number", RowId, primary_key=True, autoincrement=False),
    _text("path"),
    Column("sha256", String(64), nullable=False),
    _text("name"),
    _time("created_at"),
    _text("note", ""),
    _time("chosen_at", nullable=True),  # the version in use is the one that was chosen last
    _time("pruned_at", nullable=True),  # when its file was deleted
    Column("retraining_id", RowId, ForeignKey("retrainings.id", use_alter=True)),  # what it came from
)

prompts = Table(
    "prompts",
    metadata,
    _id(),
    _reference("member_id", "members.id"),
    _reference("server_id", "servers.id"),
    Column("state", String(16), nullable=False),
    Column("key", String(8), nullable=False),
    Column("rhythm", String(32), nullable=False),
    Column("temperature", Float, nullable=False),
    Column("form", String(16), nullable=False),
    Column("seed", BigInteger, nullable=False),
    _text("opening", ""),
    Column("transpose", Boolean, nullable=False, server_default=false()),
    Column("vary", String(16), nullable=False, server_default=""),  # how the opening, a whole tune, is varied
    Column("tempo", Integer),  # in beats a minute; with the next, NULL is what is usual for the dance
    Column("instrument", String(16)),
    Column("band", Boolean, nullable=False, server_default=true()),
    Column("varied_from", RowId, ForeignKey("tunes.id", use_alter=True)),  # the tune that was varied
    # whether its opening is a member's, or grew from a member's: what comes of it is never learned from
    Column("brought", Boolean, nullable=False, server_default=false()),
    Column("count", Integer, nullable=False),
    _reference("version", "versions.number"),
    Column("attempts", Integer, nullable=False, server_default="0"),  # how often it was given to a worker
    _text("error", ""),
    Column("channel_id", String(64)),  # with message_id: the message that carries the answer
    Column("message_id", String(64)),
    _time("created_at"),
    _time("started_at", nullable=True),
    _time("finished_at", nullable=True),
    _time("delivered_at", nullable=True),  # when its message showed the answer
    Column("bot", String(32)),  # that has claimed it: see bot.store.claims
    _time("leased_until", nullable=True),
    Index(None, "server_id", "id"),  # history of a server, newest first
    Index(None, "state", "id"),  # unfinished prompts, oldest first
)
_undelivered = prompts.c.message_id.is_not(None) & prompts.c.delivered_at.is_(None)
_varies = prompts.c.varied_from.is_not(None)
Index("ix_prompts_varied_from", prompts.c.varied_from, sqlite_where=_varies, postgresql_where=_varies)
Index("ix_prompts_undelivered", prompts.c.id, sqlite_where=_undelivered, postgresql_where=_undelivered)

tunes = Table(
    "tunes",
    metadata,
    _id(),
    _reference("prompt_id", "prompts.id"),
    Column("ordinal", Integer, nullable=False),
    _reference("member_id", "members.id"),  # these four are copies of the prompt's, for lists of tunes without a join
    _reference("server_id", "servers.id"),
    Column("key", String(8), nullable=False),
    Column("rhythm", String(32), nullable=False),
    Column("seed", BigInteger, nullable=False),  # the prompt's + ordinal, which may pass 2**31
    _text("title"),
    _text("abc"),
    Column("nearest_title", Text),  # these three together, or none where nothing was compared
    Column("nearest_source", Text),
    Column("similarity", Float),  # 0 to 1
    Column("drawn_temperature", Float),  # the prompt's, or higher
    Column("version", RowId, ForeignKey("versions.number")),  # where it is not the prompt's
    *(Column(name, Integer, nullable=False, server_default="0") for name in ("up", "down")),  # its votes
    Column("score", Float, nullable=False, server_default="0"),  # see bot.store.leaderboards
    _time("created_at"),
    _time("deleted_at", nullable=True),
    UniqueConstraint("prompt_id", "ordinal"),
    Index(None, "member_id", "id"),  # a member's tunes, newest first
)


def _terms(name: str, term: str, length: int) -> Table:
    """What tunes are found by: see bot.store.search. Ordered by code points, so that beginnings are ranges."""
    kind = String(length).with_variant(String(length, collation="C"), "postgresql")
    return Table(
        name,
        metadata,
        Column(term, kind, primary_key=True),
        Column("tune_id", RowId, ForeignKey("tunes.id"), primary_key=True, index=True),
        sqlite_with_rowid=False,
    )


title_words = _terms("title_words", "word", 40)
incipits = _terms("incipits", "steps", 8)

_shown = tunes.c.deleted_at.is_(None)


def _index(name: str, *columns: str, where: ColumnElement[bool] = _shown) -> None:
    Index(name, *(tunes.c[column] for column in columns), sqlite_where=where, postgresql_where=where)


_index("ix_tunes_top", "server_id", "score", "id")
_index("ix_tunes_rhythm_top", "server_id", "rhythm", "score", "id")
_index("ix_tunes_newest", "server_id", "rhythm", "id")
_index("ix_tunes_key", "server_id", "key", "id")
_index("ix_tunes_shown", "server_id", "id")
# spelled out: SQLite uses a partial index only for a query with the same condition, without parameters
voted = and_(tunes.c.up + tunes.c.down > literal_column("0"), _shown)
_index(
    "ix_tunes_voted", "prompt_id", "version", "up", "down", "deleted_at", where=voted
)  # covers the query of votes by version

votes = Table(
    "votes",
    metadata,
    Column("tune_id", RowId, ForeignKey("tunes.id"), primary_key=True),  # the key also serves a tune's count
    Column("member_id", RowId, ForeignKey("members.id"), primary_key=True),
    Column("value", Integer, nullable=False),
    _time("created_at"),
    _time("updated_at"),
    CheckConstraint("value IN (-1, 1)", name="value"),
    sqlite_with_rowid=False,
)
_up = votes.c.value == 1
Index("ix_votes_favourites", votes.c.member_id, votes.c.updated_at, sqlite_where=_up, postgresql_where=_up)

leaderboards = Table(  # votes of this day, week and month; rows of past periods are pruned with each vote
    "standings",
    metadata,
    Column("period", String(8), primary_key=True),
    Column("began", Date, primary_key=True),
    Column("tune_id", RowId, ForeignKey("tunes.id"), primary_key=True),
    _reference("server_id", "servers.id"),  # with the next: copies of the tune's
    Column("rhythm", String(32), nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("up", "down")),
    Column("score", Float, nullable=False),
    Index(None, "server_id", "period", "began", "score", "tune_id"),
    Index(None, "server_id", "period", "began", "rhythm", "score", "tune_id"),
    sqlite_with_rowid=False,
)

server_settings = Table(  # NULL is the bot's default
    "server_settings",
    metadata,
    Column("server_id", RowId, ForeignKey("servers.id"), primary_key=True, autoincrement=False),
    Column("rhythm", String(32)),
    Column("temperature", Float),
    Column("form", String(16)),
    Column("tempo", Integer),
    Column("instrument", String(16)),
    Column("band", Boolean),
    Column("cooldown", Integer),  # seconds between two prompts of a member
    Column("server_cooldown", Integer),  # seconds between two prompts of its members together
    Column("waiting", Integer),  # prompts of this server that may wait at once
    Column("member_waiting", Integer),  # of one member
    Column("channels", JSON, nullable=False),  # external ids, as strings
    Column("admin_roles", JSON, nullable=False),
    Column("log_channel", String(64)),
)

retrainings = Table(
    "retrainings",
    metadata,
    _id(),
    _reference("member_id", "members.id"),  # who asked for it, and where
    _reference("server_id", "servers.id"),
    Column("state", String(16), nullable=False),
    Column("open", Boolean, unique=True),  # true, or NULL for all that have ended: one at a time
    Column("options", JSON, nullable=False),
    _reference("base_version", "versions.number"),  # what the candidate is a copy of
    *(Column(name, Integer, nullable=False, server_default="0") for name in ("votes", "tunes")),  # it learns from
    _text("candidate", ""),  # path
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("report", JSON(none_as_null=True)),  # the trainer's
    Column("progress", JSON(none_as_null=True)),  # the step it is at, and losses so far
    _text("error", ""),
    Column(
        "attempts", Integer, nullable=False, server_default="0"
    ),  # how often a process began it, without attempts that a clean stop interrupted
    Column("runner", String(32), nullable=False, server_default=""),  # the process that runs it
    _time("seen_at", nullable=True),  # when that gave its last sign of life
    Column("channel_id", String(64)),  # with message_id: the message that shows it
    Column("message_id", String(64)),
    _time("created_at"),
    _time("started_at", nullable=True),
    _time("finished_at", nullable=True),
    _time("delivered_at", nullable=True),  # when its message showed the end
)

blocked = Table(  # what admins do not want to be given again: the like of a tune by its ABC, or a title
    "blocked",
    metadata,
    _id(),
    _reference("server_id", "servers.id"),
    _reference("member_id", "members.id"),  # whose tune it was
    Column("tune_id", RowId, nullable=False),  # what it was; that tune may be erased by now
    _text("title"),
    _text("abc"),
    _time("created_at"),
    Index(None, "server_id"),
    Index(None, "member_id"),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _reference("server_id", "servers.id"),
    _reference("member_id", "members.id"),
    Column("action", String(32), nullable=False),
    _text("detail"),
    _time("created_at"),
    Index(None, "server_id", "id"),  # of a server, newest first
)

checkpoint_files = Table(  # for machines that lack a version's file
    "checkpoint_files",
    metadata,
    Column("sha256", String(64), primary_key=True),  # of the whole file
    Column("part", Integer, primary_key=True, autoincrement=False),  # from 0, without gaps
    Column("data", LargeBinary, nullable=False),
)
