"""How much a set of tunes differs among itself; key and register do not count."""

import random
from collections.abc import Sequence
from statistics import fmean

from rapidfuzz.distance import Indel

from model.encoding.contour import contour
from model.encoding.tokenizer import NormalizedTune

GRAM = 5  # notes
PAIRS = 2000


def distinct_grams(songs: Sequence[NormalizedTune]) -> float:
    """Of the runs of GRAM notes in each tune, how many no other tune counts: their number over all. 1 is the most.

    A run counts once a tune, so that a tune that repeats itself does not make the set poorer.
    """
    grams = [_grams(song) for song in songs]
    total = sum(map(len, grams))
    return len(set().union(*grams)) / total if total else 0.0


def _grams(song: NormalizedTune) -> set[tuple[tuple[int, int], ...]]:
    steps = contour(song)
    return {tuple(steps[at : at + GRAM]) for at in range(len(steps) - GRAM + 1)}


def mean_distance(songs: Sequence[NormalizedTune], seed: int = 0) -> float:
    """Normalised edit distance of two tunes, on average over at most PAIRS pairs that `seed` draws; 0 to 1."""
    if len(songs) < 2:
        return 0.0
    codes: dict[tuple[int, int], int] = {}
    texts = [[codes.setdefault(step, len(codes)) for step in contour(song)] for song in songs]
    rng = random.Random(seed)
    pairs = [rng.sample(range(len(texts)), 2) for _ in range(PAIRS)]
    return fmean(Indel.normalized_distance(texts[i], texts[j]) for i, j in pairs)
