"""The plan of a tune: for each part whether it closes on the tonic, how far it ends like the first, and what returns.

The network is told a part's plan from its beginning on, so that it leads up to an end instead of being surprised by it.
In training the plan is read off the tune; in composing it is drawn as the books have it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, takewhile
from math import ceil, exp, log2, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.encoding.inputs import PLANS
from model.encoding.tokenizer import NormalizedTune
from model.errors import CheckpointError
from model.music.parts import Notes, Part

LEVELS = 4  # of likeness: nothing, up to a quarter, up to a half, more
FEWEST = 20  # tunes of a rhythm; with fewer, plans are drawn from those of all rhythms
BEHIND = 5.0  # tunes whose plans are thought to be anything: what no book has is not impossible
TILT = 2.0  # how much more frequent liked plans become, per standard deviation of liking
RIDGE = 20.0  # voted tunes that say nothing of plans
_ALL = ""  # rhythms

Ids = tuple[int, ...]  # of the plans of a tune's different parts


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


def ids_of(song: NormalizedTune) -> Ids:
    """The A that AABA comes back to is no part of its own."""
    return tuple(plan.id for plan in plans_of(list(dict.fromkeys(part.unrepeated() for part in song.parts))))


class Plans:
    """How often the books have each sequence of plans, by (rhythm, number of different parts)."""

    def __init__(self, counts: Mapping[tuple[str, int], Mapping[Ids, float]]) -> None:
        self._counts = counts
        self._first, self._later = defaultdict[int, float](float), defaultdict[int, float](float)
        of_all = [found for (rhythm, _), found in counts.items() if rhythm == _ALL]
        for ids, count in chain.from_iterable(found.items() for found in of_all):
            self._first[ids[0]] += count
            for one in ids[1:]:
                self._later[one] += count

    @classmethod
    def of(cls, songs: Iterable[NormalizedTune]) -> "Plans":
        """Of `songs`, by rhythm and of all together."""
        counts: dict[tuple[str, int], Counter[Ids]] = defaultdict(Counter)
        for song in songs:
            ids = ids_of(song)
            for rhythm in (song.rhythm, _ALL):
                counts[rhythm, len(ids)][ids] += 1
        return cls(counts)

    @classmethod
    def known_to(cls, facts: Mapping[str, Any]) -> "Plans":
        """Those in a checkpoint's facts; none where it has none, as the first ones. Raises CheckpointError."""
        try:
            rows = facts.get("plans", [])
            return cls({(str(r), int(n)): {tuple(ids): float(count) for ids, count in seen} for r, n, seen in rows})
        except (TypeError, ValueError, IndexError) as error:
            raise CheckpointError("the checkpoint's plans cannot be read") from error

    def to_json(self) -> list[Any]:
        return [
            [rhythm, parts, [[list(ids), round(count, 3)] for ids, count in sorted(counts.items())]]
            for (rhythm, parts), counts in sorted(self._counts.items())
        ]

    def draw(self, rhythm: str, parts: int, uniform: float) -> tuple[Plan, ...]:
        """The plans of a tune of so many parts that ends on the tonic; `uniform` in [0, 1) chooses.

        None where none are known.
        """
        counts = sorted(self._of(rhythm, parts, closing=True).items())
        left = uniform * sum(count for _, count in counts)
        for ids, count in counts:
            left -= count
            if left < 0:
                return tuple(map(Plan.of_id, ids))
        return ()

    def bits(self, song: NormalizedTune) -> float:
        """What telling the network the plans of `song` is worth: -log2 of their probability; 0 where none are known."""
        if not self._counts:
            return 0.0
        ids = ids_of(song)
        singly = zip(ids, [self._first, *[self._later] * (len(ids) - 1)], strict=True)
        behind = prod((counts[one] + 1) / (sum(counts.values()) + PLANS - 1) for one, counts in singly)
        counts = self._of(song.rhythm, len(ids))
        return -log2((counts.get(ids, 0.0) + BEHIND * behind) / (sum(counts.values()) + BEHIND))

    def _of(self, rhythm: str, parts: int, closing: bool = False) -> Mapping[Ids, float]:
        for name in (rhythm, _ALL):
            found = self._counts.get((name, parts), {})
            found = {ids: count for ids, count in found.items() if not closing or Plan.of_id(ids[-1]).closes}
            if sum(found.values()) >= FEWEST:
                break
        return found

    def tilted(self, songs: Sequence[NormalizedTune], likings: NDArray[np.float64]) -> "Plans":
        """Plans like those of `songs` that are liked made more frequent, each by exp(TILT x its liking).

        A plan's liking is a ridge regression of `likings` [songs] on what the plans say.
        """
        rows = np.array([_levels(ids_of(song)) for song in songs])
        middle = rows.mean(axis=0)
        rows -= middle
        weights = np.linalg.solve(rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ likings)

        def more(counts: Mapping[Ids, float]) -> dict[Ids, float]:
            found = {ids: n * exp(TILT * float((_levels(ids) - middle) @ weights)) for ids, n in counts.items()}
            scale = sum(counts.values()) / sum(found.values())
            return {ids: n * scale for ids, n in found.items()}

        return Plans({place: more(counts) for place, counts in self._counts.items()})

    def towards(self, other: "Plans", share: float) -> "Plans":
        """`share` of the way to `other`, which knows the same sequences."""
        found = {}
        for place, counts in self._counts.items():
            there = other._counts.get(place, counts)
            found[place] = {ids: n + share * (there.get(ids, 0.0) - n) for ids, n in counts.items()}
        return Plans(found)


def _levels(ids: Ids) -> NDArray[np.float64]:
    """What plans say: of the first part and, on average, of the later ones, which of each kind of level they have."""
    one_hot = np.eye(2 + 2 * LEVELS)
    said = [
        one_hot[int(plan.closes)] + one_hot[2 + plan.rhyme] + one_hot[2 + LEVELS + plan.returns]
        for plan in map(Plan.of_id, ids)
    ]
    later = np.mean(said[1:], axis=0) if said[1:] else 0 * said[0]
    return np.concatenate([said[0], later])
