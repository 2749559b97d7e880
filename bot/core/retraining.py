"""Values of retraining: a retraining, its status and progress, and versions with the votes on their tunes."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from bot.core.values import Version
from model.retraining.protocol import Step

MOST_LOSSES = 400  # points of a curve that are kept


class RetrainingStatus(StrEnum):
    """All but the first two are final; a dry run that passes is PASSED instead of PROMOTED."""

    QUEUED = "queued"
    RUNNING = "running"
    PROMOTED = "promoted"
    PASSED = "passed"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self not in (RetrainingStatus.QUEUED, RetrainingStatus.RUNNING)


@dataclass(frozen=True)
class Options:
    """What was asked of a retraining: it needs at least `minimum_votes`; a dry run changes nothing."""

    minimum_votes: int
    dry_run: bool = False


@dataclass(frozen=True)
class RetrainingProgress:
    """The last step of a retraining, and the losses so far as (step, loss)."""

    step: Step = field(default_factory=Step)
    losses: tuple[tuple[float, float], ...] = ()

    def after(self, step: Step) -> Self:
        """With one more step, perhaps of a trainer that began anew; too long a curve loses every other point."""
        losses = self.losses
        if step.stage == "tuning" and step.loss is not None:
            losses = (*(point for point in losses if point[0] < step.done), (float(step.done), step.loss))
        return replace(self, step=step, losses=losses[::2] if len(losses) > MOST_LOSSES else losses)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any] | None) -> Self:
        if not data:
            return cls()
        return cls(Step(**data["step"]), tuple((at, loss) for at, loss in data["losses"]))


@dataclass(frozen=True)
class Retraining:
    """A row of `retrainings`. `votes` and `tunes` count what it learns from, `version` is what it became, if it did."""

    id: int
    member_id: int
    member_name: str
    server_id: int
    platform: str  # of who asked
    status: RetrainingStatus
    options: Options
    base: int
    created_at: datetime  # aware, UTC
    votes: int = 0
    tunes: int = 0
    candidate: str = ""
    sha256: str = ""
    report: dict[str, Any] | None = None
    progress: RetrainingProgress = RetrainingProgress()
    error: str = ""
    attempts: int = 0
    runner: str = ""
    seen_at: datetime | None = None
    finished_at: datetime | None = None
    channel_id: str = ""
    message_id: str = ""
    version: int | None = None
    chosen: bool = False  # whether that version was ever the one in use

    @property
    def subject(self) -> int:
        return self.id


@dataclass(frozen=True)
class VersionStats:
    """A version with the votes on tunes composed with it, and the retraining that made it."""

    version: Version
    up: int
    down: int
    current: bool
    retraining: Retraining | None = None

    @property
    def share(self) -> float | None:
        """The share of votes up; None where nobody voted."""
        return self.up / (self.up + self.down) if self.up + self.down else None
