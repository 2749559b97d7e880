"""One figure of a benchmark."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """`ours` against `baseline`, which is what is asked for where nothing was measured beside it; None without either.

    The ratio is how many times better ours is: more, or with `less` less. `goal` is the least ratio that will do.
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


def at_most(name: str, ours: float, limit: float, unit: str) -> Row:
    """A figure that is not to exceed a limit."""
    return Row(name, ours, unit, limit, goal=1.0)


def at_least(name: str, ours: float, limit: float, unit: str) -> Row:
    """A figure that is to reach one."""
    return Row(name, ours, unit, limit, goal=1.0, less=False)
