"""How much the tunes of a set differ from each other; key and octave do not count."""

import random
from collections.abc import Sequence
from statistics import fmean

from rapidfuzz.distance import Indel

from model.encoding.contour import contour
from model.encoding.tokenizer import NormalizedTune

GRAM = 5  # notes
PAIRS = 2000


def distinct_grams(tunes: Sequence[NormalizedTune]) -> float:
    """Different runs of GRAM notes in all tunes together, over the sum of each tune's different runs: 0 to 1.

    A run counts once in a tune, so that a tune that repeats itself does not make the set less diverse.
    """
    grams = [_grams(tune) for tune in tunes]
    total = sum(map(len, grams))
    return len(set().union(*grams)) / total if total else 0.0


def _grams(tune: NormalizedTune) -> set[tuple[tuple[int, int], ...]]:
    steps = contour(tune)
    return {tuple(steps[at : at + GRAM]) for at in range(len(steps) - GRAM + 1)}


def mean_distance(tunes: Sequence[NormalizedTune], seed: int = 0) -> float:
    """Normalised edit distance of two tunes, 0 to 1, averaged over PAIRS pairs that `seed` draws."""
    if len(tunes) < 2:
        return 0.0
    codes: dict[tuple[int, int], int] = {}
    texts = [[codes.setdefault(step, len(codes)) for step in contour(tune)] for tune in tunes]
    rng = random.Random(seed)
    pairs = [rng.sample(range(len(texts)), 2) for _ in range(PAIRS)]
    return fmean(Indel.normalized_distance(texts[i], texts[j]) for i, j in pairs)
