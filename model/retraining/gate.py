"""The gate: a candidate becomes a version only if it passes every test here. Each test says by how much.

bits_per_note   on the held-out tunes of the books, at most MORE_BITS above version 1's
margin          held-out liked tunes gain likelihood over disliked ones of their rhythm; one-sided bootstrap, p < ALPHA
well_formed     all of the tunes it composes
diversity       distinct runs of notes, and distance of pairs, fall by at most LESS_DIVERSE below version 1's
originality     no tune it composes is closer than the limit to one of the books, or to one it was tuned on
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.encoding.examples import notes_in
from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError
from model.features.diversity import distinct_grams, mean_distance
from model.music.parts import well_formed
from model.network.checkpoint import Checkpoint
from model.retraining.likelihood import Reads, log_probabilities
from model.retraining.protocol import GateTest
from model.retraining.replay import Tokens
from model.retraining.voted_tunes import Voted
from model.sampling.batch_composing import compose_all, every_prompt, normalized
from model.sampling.originality import LIMIT, Index, index_of
from model.sampling.sampler import Sampler

MORE_BITS = 0.02
LESS_DIVERSE = 0.05
ALPHA = 0.005  # stricter than the usual 0.05, since a community retrains more than once
RESAMPLES = 10_000
COMPOSED = 500  # tunes
FEWEST = 4  # held-out tunes of each kind; with fewer, no margin is believed


@dataclass(frozen=True)
class Composition:
    """Tunes composed for the gate: songs, how many are well formed, the greatest similarity to the books."""

    songs: tuple[NormalizedTune, ...]
    well_formed: int
    asked: int
    similarity: float

    @property
    def diversity(self) -> tuple[float, float]:
        return distinct_grams(self.songs), mean_distance(self.songs)


Doing = Callable[[str], None]


def compose(checkpoint: Checkpoint, index: Index, count: int = COMPOSED, seed: int = 0) -> Composition:
    """Let a checkpoint compose for prompts of every kind; the same for the same arguments."""
    batch = compose_all(Sampler(checkpoint, index=index), every_prompt(count, seed=seed), lambda _: None)
    made = list(batch.composed.values())
    right = sum(not well_formed(one.tune, one.prompt.key, one.prompt.form) for one in made)
    return Composition(
        tuple(map(normalized, made)), right, count, max((one.nearest.similarity for one in made), default=0.0)
    )


def checks(
    candidate: Checkpoint,
    current: Checkpoint,
    base: Checkpoint,
    voted: Sequence[Voted],
    held_out: Sequence[Tokens],
    index: Index,
    base_diversity: Callable[[], tuple[float, float]],
    doing: Doing = lambda _: None,
    count: int = COMPOSED,
    reads: Reads | None = None,
) -> Iterator[GateTest]:
    """The gate's tests, those that cost least first. `base` is version 1, `voted` all voted tunes.

    `doing` hears the name of each before it begins, `reads` serve other candidates of the same LSTM.
    """
    doing("margin")
    yield margin(candidate, current, [tune for tune in voted if tune.held_out], reads)
    doing("bits_per_note")
    yield bits_per_note(candidate, base, held_out, reads)
    doing("well_formed")
    composed = compose(candidate, index, count)
    wrong = composed.asked - composed.well_formed
    yield GateTest(
        "well_formed", composed.well_formed, composed.asked, not wrong, f"{wrong} of {composed.asked} tunes wrong"
    )
    doing("originality")
    yield originality(composed, [tune for tune in voted if not tune.held_out])
    doing("diversity")
    yield diversity(composed, base_diversity())


def bits_per_note(
    candidate: Checkpoint, base: Checkpoint, held_out: Sequence[Tokens], reads: Reads | None = None
) -> GateTest:
    """On tunes of the books that neither has learned from."""
    notes = sum(map(notes_in, held_out))
    found = log_probabilities((candidate, base), held_out, reads)
    value, before = (float(-p.sum()) / math.log(2) / notes for p in found)
    limit = before * (1 + MORE_BITS)
    return GateTest(
        "bits_per_note",
        value,
        limit,
        value <= limit,
        f"{value:.3f} bits per note on held-out tunes of the books, {value / before - 1:+.1%} of version 1's,"
        f" at most {MORE_BITS:+.0%}",
    )


def margin(
    candidate: Checkpoint, current: Checkpoint, held_out: Sequence[Voted], reads: Reads | None = None
) -> GateTest:
    """Whether voted tunes that it was not tuned on came apart; the value is p."""
    up = sum(tune.weight > 0 for tune in held_out)
    if min(up, len(held_out) - up) < FEWEST:
        says = f"{up} liked and {len(held_out) - up} disliked tunes were held out, too few to tell: {FEWEST} of each"
        return GateTest("margin", 1.0, ALPHA, False, says)
    tunes = [tune.tokens for tune in held_out]
    after, before = log_probabilities((candidate, current), tunes, reads)
    gained = within_rhythms((after - before).numpy(), [tune.song.rhythm for tune in held_out])
    likes = np.array([tune.weight for tune in held_out])
    grown, p = bootstrap(gained[likes > 0], gained[likes < 0])
    says = f"liked tunes gained {grown:+.2f} nats over disliked ones, p = {p:.4f}, below {ALPHA} wanted"
    return GateTest("margin", p, ALPHA, p < ALPHA, says)


def within_rhythms(gained: "np.ndarray[Any, Any]", rhythms: Sequence[str]) -> "np.ndarray[Any, Any]":
    """What each tune gained beyond the mean of its rhythm.

    A rhythm's tunes gain or lose together, by their length alone; the prompt decides on it, and no vote does.
    """
    names = np.array(rhythms)
    found = gained.astype(float)
    for name in set(rhythms):
        found[names == name] -= gained[names == name].mean()
    return found


def bootstrap(liked: "np.ndarray[Any, Any]", disliked: "np.ndarray[Any, Any]", seed: int = 0) -> tuple[float, float]:
    """By how much the mean of `liked` is above that of `disliked`, and the share of resamples in which it is not."""
    if not (np.isfinite(liked).all() and np.isfinite(disliked).all()):
        raise InputError("the candidate gives likelihoods that are no numbers")
    rng = np.random.default_rng(seed)
    means = [side[rng.integers(len(side), size=(RESAMPLES, len(side)))].mean(axis=1) for side in (liked, disliked)]
    p = (1 + int((means[0] <= means[1]).sum())) / (1 + RESAMPLES)
    return float(liked.mean() - disliked.mean()), p


def diversity(composed: Composition, base: tuple[float, float]) -> GateTest:
    """The worse of the two measures, as a share of version 1's."""
    share = min(now / max(before, 1e-9) for now, before in zip(composed.diversity, base, strict=True))
    limit = 1 - LESS_DIVERSE
    return GateTest(
        "diversity", share, limit, share >= limit, f"{share:.1%} as diverse as version 1, at least {limit:.0%} wanted"
    )


def originality(composed: Composition, tuned_on: Sequence[Voted]) -> GateTest:
    """The greatest similarity to a tune of the books, or to one that it was tuned on."""
    own = Index(index_of([(tune.song, str(tune.id), "votes") for tune in tuned_on]))
    value = max([composed.similarity, *(own.nearest(song).similarity for song in composed.songs)])
    return GateTest(
        "originality", value, LIMIT, value <= LIMIT, f"nearest known tune {value:.2f} alike, at most {LIMIT}"
    )
