"""The plan of a tune: for each part whether it closes on the tonic, how far it ends like the first, and what returns.

The network is told a part's plan from its beginning on, so that it leads up to an end instead of being surprised by it.
In training the plan is read off the tune; in composing it is drawn as the books have it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from math import ceil, log2
from typing import Any, NamedTuple

from model.form import Notes, Part
from model.tokens import PLANS, Song

LEVELS = 4  # of likeness: nothing, up to a quarter, up to a half, more
FEWEST = 20  # tunes of a rhythm; with fewer, plans are drawn from those of all rhythms
_ALL = ""  # rhythms


class Plan(NamedTuple):
    """Of one part. `rhyme`: how much of half a part's length it ends as the first part does. `returns`: how much of its
    second half its first half had in the same places. Both in LEVELS."""

    closes: bool
    rhyme: int
    returns: int

    @property
    def id(self) -> int:
        """What the network sees of it; 0 is no plan."""
        return 1 + self.closes + 2 * (self.rhyme + LEVELS * self.returns)

    @classmethod
    def of_id(cls, number: int) -> "Plan":
        return cls(bool((number - 1) % 2), (number - 1) // 2 % LEVELS, (number - 1) // 2 // LEVELS)


def plans_of(parts: Sequence[Part]) -> tuple[Plan, ...]:
    """The plans of a tune's parts, as they sound the last time; the tonic is C, see tokens.spelled_on_c."""
    bars = [part.unrepeated().bars for part in parts]
    return tuple(Plan(_closes(own), _rhyme(own, bars[0]) if i else 0, _returns(own)) for i, own in enumerate(bars))


def _closes(bars: Sequence[Notes]) -> bool:
    pitches = [note.pitch for bar in bars for note in bar if note.pitch]
    return bool(pitches) and pitches[-1].midi % 12 == 0


def _rhyme(bars: Sequence[Notes], first: Sequence[Notes]) -> int:
    pairs = zip(reversed(bars), reversed(first), strict=False)
    return _level(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)), len(bars) // 2)


def _returns(bars: Sequence[Notes]) -> int:
    half = len(bars) // 2
    return _level(sum(one == other for one, other in zip(bars, bars[half:], strict=False)), half)


def _level(bars: int, of: int) -> int:
    return min(LEVELS - 1, ceil(LEVELS * bars / of)) if of else 0


class Plans:
    """How often the books have each sequence of plans: Counters of plan ids by (rhythm, number of different parts)."""

    def __init__(self, counts: dict[tuple[str, int], Counter[tuple[int, ...]]]) -> None:
        self._counts = counts

    @classmethod
    def of(cls, songs: Iterable[Song]) -> "Plans":
        """Of `songs`, by rhythm and of all together. The A that AABA comes back to is not planned."""
        counts: dict[tuple[str, int], Counter[tuple[int, ...]]] = defaultdict(Counter)
        for song in songs:
            plans = plans_of(list(dict.fromkeys(part.unrepeated() for part in song.parts)))
            for rhythm in (song.rhythm, _ALL):
                counts[rhythm, len(plans)][tuple(plan.id for plan in plans)] += 1
        return cls(counts)

    def draw(self, rhythm: str, parts: int, uniform: float) -> tuple[Plan, ...]:
        """The plans of a tune of so many parts that ends on the tonic; `uniform` in [0, 1) chooses.

        None where none are known, as by the first checkpoints.
        """
        found = self._closing(rhythm, parts)
        if sum(count for _, count in found) < FEWEST:
            found = self._closing(_ALL, parts)
        left = uniform * sum(count for _, count in found)
        for ids, count in found:
            left -= count
            if left < 0:
                return tuple(map(Plan.of_id, ids))
        return ()

    def _closing(self, rhythm: str, parts: int) -> list[tuple[tuple[int, ...], int]]:
        counts = self._counts.get((rhythm, parts), Counter[tuple[int, ...]]())
        return [(ids, count) for ids, count in sorted(counts.items()) if Plan.of_id(ids[-1]).closes]

    def bits(self, parts: Sequence[Part]) -> float:
        """What telling the network the plans of `parts` is worth: -log2 of their probability, each by itself."""
        first, later = Counter[int](), Counter[int]()
        for (rhythm, _), counts in self._counts.items():
            if rhythm != _ALL:
                continue
            for ids, count in counts.items():
                first[ids[0]] += count
                for one in ids[1:]:
                    later[one] += count
        seen = [first, *[later] * (len(parts) - 1)]
        pairs = zip(seen, plans_of(parts), strict=True)
        return -sum(log2((counts[plan.id] + 1) / (counts.total() + PLANS - 1)) for counts, plan in pairs)

    def to_json(self) -> list[Any]:
        return [
            [rhythm, parts, [[list(ids), count] for ids, count in sorted(counts.items())]]
            for (rhythm, parts), counts in sorted(self._counts.items())
        ]

    @classmethod
    def from_json(cls, data: list[Any]) -> "Plans":
        return cls({(str(r), int(n)): Counter({tuple(ids): count for ids, count in rows}) for r, n, rows in data})
