"""The gate: a candidate becomes a version only if it passes every test here. Each test says by how much.

margin          held-out liked tunes gain likelihood over disliked ones of their rhythm; one-sided bootstrap, p < ALPHA
bits_per_note   on the held-out tunes of the books, at most MORE_BITS above version 1's
well_formed     all of the tunes it composes
originality     no tune it composes is closer than the limit to one of the books, or to one it was tuned on
diversity       distinct runs of notes, and distance of pairs, fall by at most LESS_DIVERSE below version 1's
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.encoding.examples import notes_in
from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError
from model.features.diversity import distinct_grams, mean_distance
from model.music import parts
from model.network.checkpoint import Checkpoint
from model.retraining.likelihood import HiddenStateCache, log_probabilities
from model.retraining.protocol import GateTest
from model.retraining.replay import Tokens
from model.retraining.voted_tunes import VotedTune, split
from model.sampling.batch_composing import compose_all, every_prompt
from model.sampling.originality import LIMIT, Index, index_of
from model.sampling.sampler import Composed, Sampler

TESTS = ("margin", "bits_per_note", "well_formed", "originality", "diversity")
MORE_BITS = 0.02
LESS_DIVERSE = 0.05
ALPHA = 0.005  # stricter than the usual 0.05, since a community retrains more than once
RESAMPLES = 10_000
COMPOSED = 500  # tunes
FEWEST = 4  # held-out tunes of each kind; with fewer, no margin is believed

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Composition:
    """Tunes composed for the gate: how many were wanted and are well formed, the greatest similarity to the books."""

    tunes: tuple[NormalizedTune, ...]
    well_formed: int
    wanted: int
    similarity: float

    @classmethod
    def of(cls, composed: Sequence[Composed], wanted: int) -> "Composition":
        return cls(
            tunes=tuple(one.normalized for one in composed),
            well_formed=sum(not parts.well_formed(one.tune, one.prompt.key, one.prompt.form) for one in composed),
            wanted=wanted,
            similarity=max((one.nearest.similarity for one in composed), default=0.0),
        )

    @property
    def diversity(self) -> tuple[float, float]:
        """Share of distinct runs of notes, and mean distance of pairs of tunes."""
        return distinct_grams(self.tunes), mean_distance(self.tunes)


@dataclass(frozen=True)
class Gate:
    """The tests of one retraining. `base` is version 1, `voted` are all voted tunes, `held_out` are of the books.

    `on_test` is called with the name of each test before it begins. The gate looks at `composed` tunes.
    """

    current: Checkpoint
    base: Checkpoint
    voted: Sequence[VotedTune]
    held_out: Sequence[Tokens]
    index: Index
    base_diversity: Callable[[], tuple[float, float]]
    composed: int = COMPOSED
    on_test: Callable[[str], None] = lambda _: None
    cache: HiddenStateCache = field(default_factory=HiddenStateCache)

    def tests(self, candidate: Checkpoint) -> Iterator[GateTest]:
        """All tests of a candidate, those that cost least first."""
        tuned_on, held_out = split(self.voted)
        self.on_test("margin")
        yield margin(candidate, self.current, held_out, self.cache)
        self.on_test("bits_per_note")
        yield bits_per_note(candidate, self.base, self.held_out, self.cache)
        self.on_test("well_formed")
        composition = compose(candidate, self.index, self.composed)
        yield well_formed(composition)
        self.on_test("originality")
        yield originality(composition, tuned_on)
        self.on_test("diversity")
        yield diversity(composition, self.base_diversity())


def compose(checkpoint: Checkpoint, index: Index, count: int = COMPOSED, seed: int = 0) -> Composition:
    """Let a checkpoint compose for prompts of every kind; the same for the same arguments."""
    batch = compose_all(Sampler(checkpoint, index=index), every_prompt(count, seed=seed), lambda _: None)
    return Composition.of(list(batch.composed.values()), count)


def margin(
    candidate: Checkpoint, current: Checkpoint, held_out: Sequence[VotedTune], cache: HiddenStateCache | None = None
) -> GateTest:
    """Whether liked tunes that it was not tuned on gained over disliked ones; the value is p."""
    up = sum(tune.weight > 0 for tune in held_out)
    if min(up, len(held_out) - up) < FEWEST:
        says = f"{up} liked and {len(held_out) - up} disliked tunes were held out, too few to tell: {FEWEST} of each"
        return GateTest("margin", 1.0, ALPHA, False, says)
    after, before = log_probabilities((candidate, current), [tune.tokens for tune in held_out], cache)
    gained = within_rhythms((after - before).numpy(), [tune.normalized.rhythm for tune in held_out])
    weights = np.array([tune.weight for tune in held_out])
    difference, p = bootstrap(gained[weights > 0], gained[weights < 0])
    says = f"liked tunes gained {difference:+.2f} nats over disliked ones, p = {p:.4f}, below {ALPHA} wanted"
    return GateTest("margin", p, ALPHA, p < ALPHA, says)


def within_rhythms(gained: Floats, rhythms: Sequence[str]) -> Floats:
    """What each tune gained beyond the mean of its rhythm [tunes].

    A rhythm's tunes gain or lose together, by their length alone; the prompt decides on it, and no vote does.
    """
    names = np.array(rhythms)
    found = gained.astype(float)
    for name in set(rhythms):
        found[names == name] -= gained[names == name].mean()
    return found


def bootstrap(liked: Floats, disliked: Floats, seed: int = 0) -> tuple[float, float]:
    """By how much the mean of `liked` is above that of `disliked`, and the share of resamples in which it is not.

    InputError for values that are not finite.
    """
    if not (np.isfinite(liked).all() and np.isfinite(disliked).all()):
        raise InputError("the candidate gives likelihoods that are no numbers")
    rng = np.random.default_rng(seed)
    means = [side[rng.integers(len(side), size=(RESAMPLES, len(side)))].mean(axis=1) for side in (liked, disliked)]
    p = (1 + int((means[0] <= means[1]).sum())) / (1 + RESAMPLES)
    return float(liked.mean() - disliked.mean()), p


def bits_per_note(
    candidate: Checkpoint, base: Checkpoint, held_out: Sequence[Tokens], cache: HiddenStateCache | None = None
) -> GateTest:
    """On tunes of the books that neither has learned from."""
    notes = sum(map(notes_in, held_out))
    log_p = log_probabilities((candidate, base), held_out, cache)
    value, before = (float(-each.sum()) / math.log(2) / notes for each in log_p)
    limit = before * (1 + MORE_BITS)
    says = (
        f"{value:.3f} bits per note on held-out tunes of the books, {value / before - 1:+.1%} of version 1's,"
        f" at most {MORE_BITS:+.0%}"
    )
    return GateTest("bits_per_note", value, limit, value <= limit, says)


def well_formed(composition: Composition) -> GateTest:
    """Whether all of the tunes wanted came out, well formed."""
    wrong = composition.wanted - composition.well_formed
    says = f"{wrong} of {composition.wanted} tunes wrong"
    return GateTest("well_formed", composition.well_formed, composition.wanted, not wrong, says)


def originality(composition: Composition, tuned_on: Sequence[VotedTune]) -> GateTest:
    """The greatest similarity to a tune of the books, or to one that it was tuned on."""
    voted = Index(index_of([(tune.normalized, str(tune.id), "votes") for tune in tuned_on]))
    value = max([composition.similarity, *(voted.nearest(tune).similarity for tune in composition.tunes)])
    return GateTest(
        "originality", value, LIMIT, value <= LIMIT, f"nearest known tune {value:.2f} alike, at most {LIMIT}"
    )


def diversity(composition: Composition, base: tuple[float, float]) -> GateTest:
    """The worse of the two measures, as a share of version 1's."""
    share = min(now / max(before, 1e-9) for now, before in zip(composition.diversity, base, strict=True))
    limit = 1 - LESS_DIVERSE
    says = f"{share:.1%} as diverse as version 1, at least {limit:.0%} wanted"
    return GateTest("diversity", share, limit, share >= limit, says)
