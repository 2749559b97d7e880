"""The plan of a tune's parts: whether each closes on the tonic, ends like the first, what returns in it, and sequences.

A part's plan is an input of the network from the part's first token on, so that the music can lead up to its end. In
training the plan is that of the tune; in composing it is drawn with the frequencies that plans have in the books.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import chain, takewhile
from math import ceil, exp, log2, prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.encoding.inputs import MOTIONS, PHRASES, PLANS, plan_inputs
from model.encoding.tokenizer import NormalizedTune
from model.errors import CheckpointError
from model.music.melodic_sequences import BAR_NOTES, HALF_BAR_NOTES, half_bars, in_sequence
from model.music.parts import Notes, Part

SEVERAL = 2  # sequences of half a bar that a plan tells of
LEVELS = 4  # of likeness: nothing, up to a quarter, up to a half, more
FEWEST = 20  # tunes of a rhythm; with fewer, plans are drawn from those of all rhythms
KINDS = (2 * LEVELS, LEVELS * PHRASES, MOTIONS)  # of ends, of what returns, of sequences, at most
PRIOR_TUNES = 60.0  # tunes with any plans, added to the books': plans that no book has are not impossible
TILT = 2.0  # how much more frequent preferred plans become: the exponent of e, per unit of preference
RIDGE = 20.0  # penalty on the squared weights of that regression
_ALL = ""  # the name under which the counts of all rhythms together are kept

Ids = tuple[int, ...]  # of the plans of a tune's different parts


class Plan(NamedTuple):
    """Of one part: whether it `closes` on the tonic, and two likenesses in LEVELS.

    `rhyme`: the last bars that equal those of the first part, over half its length. `returns`: the bars of its second
    half that equal those of its first half in their place. `phrase` says where these are: 1 + 3 x (0 for none of the
    last quarter, 1 for some, 2 for all) + the same of the third. `motion`: 1 for no sequences, 2 for several of half a
    bar, 3 for one of a bar. The plans of older checkpoints do not say the last two, which are 0 there.
    """

    closes: bool
    rhyme: int
    returns: int
    phrase: int = 0
    motion: int = 0

    @property
    def id(self) -> int:
        """Which `inputs.plan_inputs` takes apart for the network; 0 stands for no plan."""
        plan = 1 + self.closes + 2 * (self.rhyme + LEVELS * self.returns)
        return plan + PLANS * (self.phrase + PHRASES * self.motion)

    @classmethod
    def of_id(cls, number: int) -> "Plan":
        plan, phrase, motion = plan_inputs(number)
        return cls(bool((plan - 1) % 2), (plan - 1) // 2 % LEVELS, (plan - 1) // 2 // LEVELS, phrase, motion)


def plans_of(parts: Sequence[Part]) -> tuple[Plan, ...]:
    """The plans of a tune's parts, as they sound the last time; the tonic is C, see tokenizer.spelled_on_c."""
    bars = [part.unrepeated().bars for part in parts]
    full = max((sum((note.length for note in bar), Fraction(0)) for own in bars for bar in own), default=Fraction(0))
    return tuple(
        Plan(_closes(own), _rhyme(own, bars[0]) if i else 0, _returns(own), _phrase(own), _motion(own, full))
        for i, own in enumerate(bars)
    )


def _closes(bars: Sequence[Notes]) -> bool:
    pitches = [note.pitch for bar in bars for note in bar if note.pitch]
    return bool(pitches) and pitches[-1].midi % 12 == 0


def _rhyme(bars: Sequence[Notes], first: Sequence[Notes]) -> int:
    pairs = zip(reversed(bars), reversed(first), strict=False)
    return _level(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)), len(bars) // 2)


def _returns(bars: Sequence[Notes]) -> int:
    half = len(bars) // 2
    return _level(sum(one == other for one, other in zip(bars, bars[half:], strict=False)), half)


def _phrase(bars: Sequence[Notes]) -> int:
    half = len(bars) // 2
    alike = [one == other for one, other in zip(bars[:half], bars[len(bars) - half :], strict=True)]
    return 1 + _some(alike[: half // 2]) + 3 * _some(alike[half // 2 :])


def _some(found: Sequence[bool]) -> int:
    """0 for none, 1 for some, 2 for all."""
    return any(found) + (any(found) and all(found))


def _motion(bars: Sequence[Notes], full: Fraction) -> int:
    if any(in_sequence(bars, BAR_NOTES)):
        return 3
    return 2 if sum(in_sequence(half_bars(bars, full), HALF_BAR_NOTES)) >= SEVERAL else 1


def _level(bars: int, of: int) -> int:
    return min(LEVELS - 1, ceil(LEVELS * bars / of)) if of else 0


def ids_of(tune: NormalizedTune) -> Ids:
    """The plans' ids of the different parts of `tune`: the A that AABA comes back to is not another part."""
    return tuple(plan.id for plan in plans_of(list(dict.fromkeys(part.unrepeated() for part in tune.parts))))


class _SinglePlans:
    """How often plans of one part come, whatever stands beside them.

    What was seldom or never seen is as probable as what it says of ends, of what returns and of sequences, each alone.
    """

    def __init__(self, counts: Iterable[tuple[int, float]]) -> None:
        self._whole = defaultdict[int, float](float)
        self._said = [defaultdict[Any, float](float) for _ in KINDS]
        for one, count in counts:
            self._whole[one] += count
            for seen, said in zip(self._said, _said(one), strict=True):
                seen[said] += count
        self._total = sum(self._whole.values())

    def probability(self, one: int) -> float:
        apart = prod(
            (seen[said] + 1) / (self._total + kinds)
            for seen, said, kinds in zip(self._said, _said(one), KINDS, strict=True)
        )
        return (self._whole[one] + PRIOR_TUNES * apart) / (self._total + PRIOR_TUNES)


def _said(number: int) -> tuple[tuple[int, int], tuple[int, int], int]:
    plan = Plan.of_id(number)
    return (int(plan.closes), plan.rhyme), (plan.returns, plan.phrase), plan.motion


class Plans:
    """How many tunes of the books have each sequence of plans, by (rhythm, number of different parts)."""

    def __init__(self, counts: Mapping[tuple[str, int], Mapping[Ids, float]]) -> None:
        self._counts = counts
        of_all = [found for (rhythm, _), found in counts.items() if rhythm == _ALL]
        seen = list(chain.from_iterable(found.items() for found in of_all))
        self._first = _SinglePlans((ids[0], count) for ids, count in seen)
        self._later = _SinglePlans((one, count) for ids, count in seen for one in ids[1:])
        self._brief = all(one < PLANS for ids, _ in seen for one in ids)  # an older checkpoint's

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
        ids = tuple(one % PLANS for one in ids_of(tune)) if self._brief else ids_of(tune)
        prior = self._first.probability(ids[0]) * prod(map(self._later.probability, ids[1:]))
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
    """[2 x sum(sizes)]: what a Plan says, each one-hot, of the first part and of the later ones' average."""
    sizes = (2, LEVELS, LEVELS, PHRASES, MOTIONS)
    levels = [
        np.concatenate([np.eye(size)[int(level)] for size, level in zip(sizes, Plan.of_id(one), strict=True)])
        for one in ids
    ]
    later = np.mean(levels[1:], axis=0) if levels[1:] else 0 * levels[0]
    return np.concatenate([levels[0], later])
