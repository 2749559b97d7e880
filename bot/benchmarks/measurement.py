"""One figure that a benchmark measured."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """`ours` against `baseline`, which is the limit where nothing was measured beside it; None without either.

    The ratio is how many times better ours is: more, or with `less` less. `goal` is the smallest ratio that will do.
    """

    name: str
    ours: float
    unit: str
    baseline: float | None = None
    goal: float | None = None
    less: bool = True  # is better

    @property
    def ratio(self) -> float | None:
        if self.baseline is None:
            return None
        better, worse = (self.baseline, self.ours) if self.less else (self.ours, self.baseline)
        return round(better / worse, 2) if worse else float(better >= worse)

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        del values["less"]
        return {**values, "ours": round(self.ours, 3), "ratio": self.ratio}


def at_most(name: str, ours: float, limit: float, unit: str) -> Measurement:
    """A figure that is not to exceed a limit."""
    return Measurement(name, ours, unit, limit, goal=1.0)


def at_least(name: str, ours: float, limit: float, unit: str) -> Measurement:
    """A figure that is to reach a limit."""
    return Measurement(name, ours, unit, limit, goal=1.0, less=False)


def percentile_99(values: Sequence[float]) -> float:
    """The 99th percentile; 0 of no values."""
    return sorted(values)[int(0.99 * (len(values) - 1))] if values else 0.0
