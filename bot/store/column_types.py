"""The types of columns that both databases store alike."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Integer, TypeDecorator

LARGEST_ID = 2**31 - 1  # PostgreSQL's INTEGER


class RowId(TypeDecorator[int]):
    """An id. A member can type any integer; clamped, a large one finds no row instead of overflowing in the driver."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None else min(max(value, 0), LARGEST_ID)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime, also in SQLite, which does not store time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
