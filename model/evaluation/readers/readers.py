"""The readers of ABC by name: three programs of different teams."""

from collections.abc import Callable, Sequence

from model.evaluation.readers.abc2midi import abc2midi_faults
from model.evaluation.readers.abcjs import abcjs_faults
from model.evaluation.readers.music21 import music21_faults

READERS: dict[str, Callable[[Sequence[str]], list[str] | None]] = {
    "abc2midi": abc2midi_faults,
    "music21": music21_faults,
    "abcjs": abcjs_faults,
}
"""Each takes the ABC of tunes and returns for each what is wrong with it, empty for nothing; None: not installed."""


def share_read(faults: Sequence[str]) -> float:
    """The share of tunes without a fault."""
    return sum(not fault for fault in faults) / len(faults) if faults else 0.0
