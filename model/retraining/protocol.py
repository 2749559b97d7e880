"""What the bot and the trainer exchange: votes, voted tunes with their weights, steps of progress, and the report.

Both sides import this file, and the bot never imports torch, so nothing here does.
"""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

FEWEST = 8  # voted tunes to train on, of each kind: liked and disliked


@dataclass(frozen=True)
class Vote:
    """One member's vote on one tune. Times are Unix seconds; `account_since` is None where accounts have no age."""

    tune: int
    member: int
    value: int  # 1 or -1
    at: float
    account_since: float | None = None
    own: bool = False  # the voter composed the tune


@dataclass(frozen=True)
class TrainingExample:
    """A voted tune as ABC, with the signed weight of its votes (model.retraining.vote_weights)."""

    id: int
    abc: str
    rhythm: str
    weight: float

    def to_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Raises ValueError, TypeError, KeyError or RecursionError for a line that is no training example."""
        data = json.loads(line)
        return cls(int(data["id"]), str(data["abc"]), str(data["rhythm"]), float(data["weight"]))


@dataclass(frozen=True)
class Step:
    """How far a retraining is. `stage` is `reading`, `tuning` or `checking`; `test` is the gate's test that runs."""

    stage: str = ""
    done: int = 0
    of: int = 0
    loss: float | None = None
    test: str = ""

    def to_line(self) -> str:
        """A line of JSON as the trainer writes it; without a test it has null."""
        return json.dumps({**asdict(self), "test": self.test or None}) + "\n"

    @classmethod
    def from_line(cls, line: str | bytes) -> Self:
        """Raises ValueError, TypeError or RecursionError for a line that is no step, such as a library prints."""
        data = json.loads(line)
        known = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        step = cls(**{**known, "test": str(known.get("test") or "")})
        if not isinstance(step.stage, str):
            raise TypeError(f"the stage is {step.stage!r}")
        if not all(math.isfinite(number) for number in (step.done, step.of, step.loss or 0.0)):
            raise ValueError("a number of the step is not finite")
        return cls(step.stage, int(step.done), int(step.of), step.loss, step.test)


@dataclass(frozen=True)
class GateTest:
    """One test of a candidate: the value measured, its limit, and both as a line that members can read."""

    name: str
    value: float
    limit: float
    passed: bool
    says: str

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "value": round(self.value, 6), "limit": round(self.limit, 6)}


@dataclass(frozen=True)
class Report:
    """What the trainer found out about its candidate.

    `scores` are the values of the tests by name, `tunes` counts the voted tunes, `losses` are (step, loss), and `kept`
    is the share of the tuning that the candidate kept (model.retraining.retrain).
    """

    passed: bool
    sha256: str  # of the candidate's file
    tests: tuple[GateTest, ...]
    scores: dict[str, float] = field(default_factory=dict)
    tunes: dict[str, int] = field(default_factory=dict)
    losses: tuple[tuple[float, float], ...] = ()
    kept: float = 1.0
    seconds: float = 0.0

    @property
    def failed(self) -> tuple[GateTest, ...]:
        return tuple(test for test in self.tests if not test.passed)

    def to_json(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "tests": [test.to_json() for test in self.tests],
            "scores": {name: round(score, 6) for name, score in self.scores.items()},
            "tunes": self.tunes,
            "losses": [list(point) for point in self.losses],
            "kept": round(self.kept, 3),
            "seconds": round(self.seconds, 1),
            "sha256": self.sha256,
        }
