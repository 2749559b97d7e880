"""Measures how fast prompts are finished, and estimates waiting times from that."""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

RECENT = 50  # prompts whose time counts
GUESS = 60.0  # seconds, while nothing was measured


@dataclass
class Throughput:
    """The mean time between the ends of two prompts while as many as allowed are in work, over the last RECENT."""

    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))

    def add(self, seconds: float, at_once: int) -> None:
        """A prompt took `seconds` of work, with `at_once` of them in work at a time."""
        self._seconds.append(seconds / at_once)

    def wait(self, ahead: int) -> float | None:
        """Seconds until a prompt with `ahead` before it has its turn; None while nothing was measured."""
        return (ahead + 1) * sum(self._seconds) / len(self._seconds) if self._seconds else None

    def in_words(self, ahead: int) -> str:
        """That wait as a member reads it: `in about 40 seconds`; `in a minute` while nothing was measured."""
        seconds = self.wait(ahead)
        if seconds is None:
            return "in a minute"
        if seconds < 90:
            return f"in about {max(5, round(seconds / 5) * 5)} seconds"
        return f"in about {round(seconds / 60)} minutes"

    def estimate(self, ahead: int) -> tuple[str, datetime]:
        """That wait in words, and the aware time at which it ends."""
        seconds = self.wait(ahead)
        return self.in_words(ahead), datetime.now(UTC) + timedelta(seconds=GUESS if seconds is None else seconds)
