"""Groups of scores of a set of tunes, whatever composed them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError
from model.evaluation import matching, two_sample
from model.evaluation.bits import Side, bits_per_note, writes_characters
from model.evaluation.readers.readers import READERS, share_read
from model.features import statistics
from model.network.checkpoint import Checkpoint
from model.sampling.originality import Nearest

IMPORTANT = 10  # features that are named
CLOSEST = 3  # tunes whose nearest corpus tunes are named
CHUNK = 200  # tunes that a reader gets at once
FEWEST = 20  # tunes for statistics of habits


@dataclass(frozen=True)
class EvaluationOptions:
    """`count` tunes a set, composed at `temperature`; `seed` decides all that is random. `progress` is called with
    what is being done."""

    count: int
    temperature: float
    seed: int
    threads: int
    progress: Callable[[str], None]


@dataclass(frozen=True)
class Missing:
    """The reason why a score was not measured."""

    reason: str


def without_missing(scores: dict[str, Any]) -> dict[str, Any]:
    """`scores` with None for each that is Missing, and the reasons under `not_measured`."""
    reasons = {name: value.reason for name, value in scores.items() if isinstance(value, Missing)}
    return {**scores, **dict.fromkeys(reasons)} | ({"not_measured": reasons} if reasons else {})


def bits_scores(checkpoint: Checkpoint, held_out: Side) -> dict[str, Any]:
    """Bits per note on all held-out tunes and on those of `cobb`, the only ones for a network of characters."""
    found: dict[str, Any] = {}
    for prefix, tunes in (("", held_out.tunes), ("cobb_", held_out.cobb)):
        if not prefix and writes_characters(checkpoint):
            found["bits_per_note"] = Missing("only cobb's tunes are spelled as it learned to")
            continue
        bits = bits_per_note(checkpoint, tunes)
        value = bits.per_note if bits.notes else Missing("no tunes of cobb: python -m model corpus --fetch cobb")
        found |= {f"{prefix}held_out_tunes": bits.tunes, f"{prefix}bits_per_note": value}
    return found


def read_scores(texts: Sequence[str], options: EvaluationOptions) -> dict[str, Any]:
    """For each reader the share of `texts` that it reads without a fault; `progress` gets the commonest faults."""
    found: dict[str, Any] = {}
    for name, reader in READERS.items():
        faults: list[str] = []
        for start in range(0, len(texts), CHUNK):
            options.progress(f"{name}: {start} of {len(texts)} tunes read")
            found_here = reader(texts[start : start + CHUNK])
            if found_here is None:
                found[f"read_by_{name}"] = Missing("not installed")
                break
            faults += found_here
        else:
            found[f"read_by_{name}"] = share_read(faults)
        for fault, times in Counter(fault for fault in faults if fault).most_common(3):
            options.progress(f"  {times} x {fault[:120]}")
    return found


def originality_scores(nearest: Sequence[Nearest]) -> dict[str, Any]:
    """How similar the nearest corpus tunes are, and which are nearest to the CLOSEST tunes."""
    if not nearest:
        return {"max_similarity": Missing("no tune can be read")}
    values = [one.similarity for one in nearest]
    closest = sorted(nearest, key=lambda one: -one.similarity)[:CLOSEST]
    return {
        "max_similarity": max(values),
        "median_similarity": float(np.median(values)),
        "similarity_p90": float(np.quantile(values, 0.9)),
        "similarity_p99": float(np.quantile(values, 0.99)),
        "closest_to": {f"{one.title} ({one.source})": one.similarity for one in closest},
    }


def two_sample_scores(
    generated: Sequence[NormalizedTune], matched: Sequence[NormalizedTune], options: EvaluationOptions
) -> dict[str, Any]:
    """How well a classifier tells `generated` from the real tunes `matched` to them, and by which features."""
    options.progress(f"two-sample test of {len(generated)} tunes and {len(matched)} real ones")
    try:
        result = two_sample.two_sample_test(generated, matched, options.seed, options.threads, IMPORTANT)
    except InputError as error:
        return {"auc": Missing(str(error))}
    return {
        "auc": result.auc,
        "auc_low": result.low,
        "auc_high": result.high,
        "auc_tunes_a_side": result.tunes,
        "auc_leans_on": {one.name: [one.drop, *one.means] for one in result.features},
    }


def auc_between(
    one: Sequence[NormalizedTune], other: Sequence[NormalizedTune], options: EvaluationOptions
) -> float | Missing:
    """The AUC of the two-sample test alone."""
    options.progress(f"two-sample test of {len(one)} tunes and {len(other)} others")
    try:
        return two_sample.two_sample_test(one, other, options.seed, options.threads).auc
    except InputError as error:
        return Missing(str(error))


def real_against_real(reals: Sequence[matching.RealTune], options: EvaluationOptions) -> float | Missing:
    """The AUC between two random halves of real tunes, where no classifier should find a difference."""
    tunes = [real.normalized for real in matching.sample(reals, len(reals), options.seed)]
    half = len(tunes) // 2
    return auc_between(tunes[:half], tunes[half:], options)


def habit_scores(*sets: Sequence[NormalizedTune]) -> dict[str, list[float | None]]:
    """By the name of a statistic its values for each set, None for sets of fewer than FEWEST tunes."""
    columns = [_habits(tunes) if len(tunes) >= FEWEST else {} for tunes in sets]
    names = next((list(column) for column in columns if column), [])
    return {name: [column.get(name) for column in columns] for name in names}


def _habits(tunes: Sequence[NormalizedTune]) -> dict[str, float]:
    lags = statistics.repetition(tunes)
    return {f"bars like the one {lag} before": share for lag, share in lags.items()} | statistics.cadences(tunes)
