"""Retrainings: at most one is open, and the process that runs it, its runner, gives signs of life.

What changes an open retraining is refused to every process but its runner.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.core.errors import Busy
from bot.core.retraining import Options, Retraining, RetrainingProgress, RetrainingStatus
from bot.core.values import NOWHERE, Message, Place, Version
from bot.store import audit, tables, versions
from bot.store.lease import clock, is_server
from bot.store.tables import members, now, retrainings

_OPEN = retrainings.c.open.is_(True)
_SAME = (
    *("id", "member_id", "member_name", "server_id", "platform", "created_at", "votes", "tunes", "candidate"),
    *("sha256", "report", "error", "attempts", "runner", "seen_at", "finished_at", "version"),
)


async def begin(
    connection: AsyncConnection, place: Place, options: Options, base: int, runner: str, message: Message = NOWHERE
) -> Retraining:
    """Store a new one as queued, for `runner`, and record it in the audit. Busy where another is open."""
    detail = f"with at least {options.minimum_votes} votes" + (", a dry run" if options.dry_run else "")
    member_id, server_id = await audit.add(connection, place, "retrain", detail)
    statement = insert(retrainings).values(
        member_id=member_id,
        server_id=server_id,
        state=RetrainingStatus.QUEUED.value,
        open=True,
        options=asdict(options),
        base_version=base,
        runner=runner,
        seen_at=clock(connection),
        channel_id=message.channel_id or None,
        message_id=message.message_id or None,
        created_at=now(),
    )
    other = await unfinished(connection)
    if other:
        raise Busy(f"retraining {other.id} is under way, and there is one at a time: see /model status")
    try:
        number = (await connection.execute(statement.returning(retrainings.c.id))).scalar_one()
    except IntegrityError as error:  # another process began one at the same time
        raise Busy("another retraining is under way, and there is one at a time: see /model status") from error
    return await _one(connection, retrainings.c.id == number)


async def unfinished(connection: AsyncConnection) -> Retraining | None:
    """The one that is queued or running; None where there is none."""
    row = (await connection.execute(_query().where(_OPEN))).one_or_none()
    return _from_row(row) if row else None


async def latest(connection: AsyncConnection, limit: int = 1) -> list[Retraining]:
    """The last retrainings, newest first."""
    return [_from_row(row) for row in await connection.execute(_query().order_by(retrainings.c.id.desc()).limit(limit))]


async def load(connection: AsyncConnection, number: int) -> Retraining | None:
    """A retraining; None where it is unknown."""
    row = (await connection.execute(_query().where(retrainings.c.id == number))).one_or_none()
    return _from_row(row) if row else None


async def adopt(connection: AsyncConnection, runner: str, silence: timedelta) -> Retraining | None:
    """Make `runner` the runner of the open one where it has none, or its runner gave no sign of life for `silence`."""
    statement = update(retrainings).where(_OPEN, _abandoned(connection, silence))
    found = (await connection.execute(statement.values(runner=runner, seen_at=clock(connection)))).rowcount
    return await unfinished(connection) if found else None


async def start(connection: AsyncConnection, number: int, runner: str, votes: int, tunes: int) -> Retraining | None:
    """Set it to RUNNING, which counts as an attempt. None where `runner` is not its runner any more."""
    values: dict[str, Any] = {
        "state": RetrainingStatus.RUNNING.value,
        "started_at": now(),
        "votes": votes,
        "tunes": tunes,
    }
    values |= {"attempts": retrainings.c.attempts + 1, "seen_at": clock(connection), "progress": None}
    statement = update(retrainings).where(_mine(number, runner)).values(values)
    if (await connection.execute(statement)).rowcount == 0:
        return None
    return await _one(connection, retrainings.c.id == number)


async def renew(connection: AsyncConnection, number: int, runner: str, progress: RetrainingProgress) -> bool:
    """A sign of life; False where `runner` is not its runner any more, as when it was cancelled."""
    values = {"seen_at": clock(connection), "progress": progress.to_json()}
    return (await connection.execute(update(retrainings).where(_mine(number, runner)).values(values))).rowcount == 1


async def release(connection: AsyncConnection, number: int, runner: str) -> bool:
    """Leave it to the process that starts next, which does not count as an attempt.

    False where `runner` is not its runner any more, or it has ended.
    """
    attempts = retrainings.c.attempts - case((retrainings.c.state == RetrainingStatus.RUNNING.value, 1), else_=0)
    values = {"state": RetrainingStatus.QUEUED.value, "runner": "", "attempts": attempts}
    return (await connection.execute(update(retrainings).where(_mine(number, runner)).values(values))).rowcount == 1


async def end(
    connection: AsyncConnection, /, number: int, runner: str, status: RetrainingStatus, **found: Any
) -> Retraining | None:
    """Set its final status, and the columns in `found`. None, and nothing changes, where `runner` is not its runner."""
    values = {"state": status.value, "open": None, "finished_at": now(), "seen_at": clock(connection), **found}
    if (await connection.execute(update(retrainings).where(_mine(number, runner)).values(values))).rowcount == 0:
        return None
    return await _one(connection, retrainings.c.id == number)


async def promote(
    connection: AsyncConnection, /, number: int, runner: str, name: str, note: str, **found: Any
) -> tuple[Retraining, Version] | None:
    """Make the candidate in `found` a version, and use it unless another was chosen since the retraining began.

    None, and nothing changes, where `runner` is not its runner any more.
    """
    if await end(connection, number, runner, RetrainingStatus.PROMOTED, **found) is None:
        return None
    in_use = await versions.current(connection)
    version = await versions.add(connection, found["candidate"], found["sha256"], name, note=note, retraining_id=number)
    done = await _one(connection, retrainings.c.id == number)
    if in_use in (None, done.base):
        version = await versions.choose(connection, version.number)
    return await _one(connection, retrainings.c.id == number), version


async def cancel(connection: AsyncConnection, place: Place) -> Retraining | None:
    """Cancel the open one, whoever runs it, and record that in the audit; None where there is none."""
    found = await unfinished(connection)
    if found is None:
        return None
    await audit.add(connection, place, "retrain", f"cancelled retraining {found.id}")
    values = {"state": RetrainingStatus.CANCELLED.value, "open": None, "finished_at": now()}
    await connection.execute(update(retrainings).where(retrainings.c.id == found.id).values(values))
    return await _one(connection, retrainings.c.id == found.id)


async def mark_delivered(connection: AsyncConnection, number: int) -> None:
    """Its message shows its final status."""
    await connection.execute(update(retrainings).where(retrainings.c.id == number).values(delivered_at=now()))


async def undelivered(connection: AsyncConnection, platform: str) -> list[Retraining]:
    """Those of a platform whose message does not show a final status, also because they have none, oldest first."""
    query = _query().where(retrainings.c.message_id.is_not(None), retrainings.c.delivered_at.is_(None))
    rows = await connection.execute(query.where(members.c.platform == platform).order_by(retrainings.c.id))
    return [_from_row(row) for row in rows]


async def claim_delivery(connection: AsyncConnection, number: int, runner: str, silence: timedelta) -> bool:
    """Claim the delivery of one that has ended; False where it was delivered, or another living process claimed it."""
    undelivered = (retrainings.c.id == number) & retrainings.c.open.is_(None) & retrainings.c.delivered_at.is_(None)
    mine = or_(retrainings.c.runner == runner, _abandoned(connection, silence))
    statement = update(retrainings).where(undelivered, mine if is_server(connection) else true())
    return (await connection.execute(statement.values(runner=runner, seen_at=clock(connection)))).rowcount == 1


def _abandoned(connection: AsyncConnection, silence: timedelta) -> ColumnElement[bool]:
    """Whether it has no runner, or a silent one. A sign of life in the future is from before a clock was set back."""
    time, seen = clock(connection), retrainings.c.seen_at
    return or_(retrainings.c.runner == "", seen < time - silence, seen > time + silence)


def _mine(number: int, runner: str) -> ColumnElement[bool]:
    return _OPEN & (retrainings.c.id == number) & (retrainings.c.runner == runner)


async def _one(connection: AsyncConnection, where: ColumnElement[bool]) -> Retraining:
    return _from_row((await connection.execute(_query().where(where))).one())


def _query() -> Select[Any]:
    return (
        select(
            retrainings,
            members.c.name.label("member_name"),
            members.c.platform,
            tables.versions.c.number.label("version"),
            tables.versions.c.chosen_at.is_not(None).label("chosen"),
        )
        .join_from(retrainings, members, retrainings.c.member_id == members.c.id)
        .outerjoin(tables.versions, tables.versions.c.retraining_id == retrainings.c.id)
    )


def _from_row(row: Row[Any]) -> Retraining:
    return Retraining(
        **{name: row._mapping[name] for name in _SAME},
        status=RetrainingStatus(row.state),
        options=Options(**row.options),
        base=row.base_version,
        progress=RetrainingProgress.from_json(row.progress),
        channel_id=row.channel_id or "",
        message_id=row.message_id or "",
        chosen=bool(row.chosen),
    )
