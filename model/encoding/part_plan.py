"""The plan of a tune's parts: whether each closes on the tonic, how far it ends like the first, how much returns in it.

A part's plan is an input of the network from the part's first token on, so that the music can lead up to its end. In
training the plan is that of the tune; in composing it is drawn with the frequencies that plans have in the books.
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
PRIOR_TUNES = 5.0  # tunes with any plans, added to the books': plans that no book has are not impossible
TILT = 2.0  # how much more frequent preferred plans become: the exponent of e, per unit of preference
RIDGE = 20.0  # penalty on the squared weights of that regression
_ALL = ""  # the name under which the counts of all rhythms together are kept

Ids = tuple[int, ...]  # of the plans of a tune's different parts


class Plan(NamedTuple):
    """Of one part: whether it `closes` on the tonic, and two likenesses in LEVELS.

    `rhyme`: the last bars that equal those of the first part, over half its length. `returns`: the bars of its second
    half that equal those of its first half in their place.
    """

    closes: bool
    rhyme: int
    returns: int

    @property
    def id(self) -> int:
        """The network's input, 1 to PLANS - 1; 0 stands for no plan."""
        return 1 + self.closes + 2 * (self.rhyme + LEVELS * self.returns)

    @classmethod
    def of_id(cls, number: int) -> "Plan":
        return cls(bool((number - 1) % 2), (number - 1) // 2 % LEVELS, (number - 1) // 2 // LEVELS)


def plans_of(parts: Sequence[Part]) -> tuple[Plan, ...]:
    """The plans of a tune's parts, as they sound the last time; the tonic is C, see tokenizer.spelled_on_c."""
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


def ids_of(tune: NormalizedTune) -> Ids:
    """The plans' ids of the different parts of `tune`: the A that AABA comes back to is not another part."""
    return tuple(plan.id for plan in plans_of(list(dict.fromkeys(part.unrepeated() for part in tune.parts))))


class Plans:
    """How many tunes of the books have each sequence of plans, by (rhythm, number of different parts)."""

    def __init__(self, counts: Mapping[tuple[str, int], Mapping[Ids, float]]) -> None:
        self._counts = counts
        self._first, self._later = defaultdict[int, float](float), defaultdict[int, float](float)
        of_all = [found for (rhythm, _), found in counts.items() if rhythm == _ALL]
        for ids, count in chain.from_iterable(found.items() for found in of_all):
            self._first[ids[0]] += count
            for one in ids[1:]:
                self._later[one] += count

    @classmethod
    def of(cls, tunes: Iterable[NormalizedTune]) -> "Plans":
        """Those of `tunes`, by rhythm and of all together."""
        counts: dict[tuple[str, int], Counter[Ids]] = defaultdict(Counter)
        for tune in tunes:
            ids = ids_of(tune)
            for rhythm in (tune.rhythm, _ALL):
                counts[rhythm, len(ids)][ids] += 1
        return cls(counts)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Plans":
        """Those in a checkpoint's facts; the first checkpoints have none. Raises CheckpointError."""
        try:
            rows = facts.get("plans", [])
            return cls({(str(r), int(n)): {tuple(ids): float(count) for ids, count in seen} for r, n, seen in rows})
        except (TypeError, ValueError, IndexError) as error:
            raise CheckpointError("the checkpoint's plans cannot be read") from error

    def to_json(self) -> list[Any]:
        """The fact `plans` of a checkpoint: a list of [rhythm, parts, [[ids, count], ...]]."""
        return [
            [rhythm, parts, [[list(ids), round(count, 3)] for ids, count in sorted(counts.items())]]
            for (rhythm, parts), counts in sorted(self._counts.items())
        ]

    def draw(self, rhythm: str, parts: int, uniform: float) -> tuple[Plan, ...]:
        """The plans of a tune of `parts` different parts that ends on the tonic; `uniform` in [0, 1) decides.

        Empty where none are known.
        """
        counts = sorted(self._of(rhythm, parts, closing=True).items())
        left = uniform * sum(count for _, count in counts)
        for ids, count in counts:
            left -= count
            if left < 0:
                return tuple(map(Plan.of_id, ids))
        return ()

    def bits(self, tune: NormalizedTune) -> float:
        """The bits that the plans of `tune` cost: -log2 of their probability; 0 where no plans are known.

        The counts of whole sequences are smoothed by how frequent each plan is on its own.
        """
        if not self._counts:
            return 0.0
        ids = ids_of(tune)
        singly = zip(ids, [self._first, *[self._later] * (len(ids) - 1)], strict=True)
        prior = prod((counts[one] + 1) / (sum(counts.values()) + PLANS - 1) for one, counts in singly)
        counts = self._of(tune.rhythm, len(ids))
        return -log2((counts.get(ids, 0.0) + PRIOR_TUNES * prior) / (sum(counts.values()) + PRIOR_TUNES))

    def _of(self, rhythm: str, parts: int, closing: bool = False) -> Mapping[Ids, float]:
        """The counts of a rhythm, or of all where it has too few; with `closing`, of tunes that end on the tonic."""
        for name in (rhythm, _ALL):
            found = self._counts.get((name, parts), {})
            found = {ids: count for ids, count in found.items() if not closing or Plan.of_id(ids[-1]).closes}
            if sum(found.values()) >= FEWEST:
                break
        return found

    def tilted(self, tunes: Sequence[NormalizedTune], preferences: NDArray[np.float64]) -> "Plans":
        """The plans with each sequence's count times exp(TILT x its preference), and each total as before.

        Preference is a ridge regression of `preferences` [tunes] on the levels of the plans of `tunes`.
        """
        rows = np.array([_levels(ids_of(tune)) for tune in tunes])
        middle = rows.mean(axis=0)
        rows -= middle
        weights = np.linalg.solve(rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ preferences)

        def reweighted(counts: Mapping[Ids, float]) -> dict[Ids, float]:
            found = {ids: n * exp(TILT * float((_levels(ids) - middle) @ weights)) for ids, n in counts.items()}
            scale = sum(counts.values()) / sum(found.values())
            return {ids: n * scale for ids, n in found.items()}

        return Plans({group: reweighted(counts) for group, counts in self._counts.items()})

    def towards(self, other: "Plans", share: float) -> "Plans":
        """Counts `share` of the way from these to those of `other`, which has the same sequences."""
        found = {}
        for group, counts in self._counts.items():
            there = other._counts.get(group, counts)
            found[group] = {ids: n + share * (there.get(ids, 0.0) - n) for ids, n in counts.items()}
        return Plans(found)


def _levels(ids: Ids) -> NDArray[np.float64]:
    """[2 x (2 + 2 LEVELS)]: closing, rhyme and returns one-hot, of the first part and of the later ones' average."""
    one_hot = np.eye(2 + 2 * LEVELS)
    levels = [
        one_hot[int(plan.closes)] + one_hot[2 + plan.rhyme] + one_hot[2 + LEVELS + plan.returns]
        for plan in map(Plan.of_id, ids)
    ]
    later = np.mean(levels[1:], axis=0) if levels[1:] else 0 * levels[0]
    return np.concatenate([levels[0], later])
