"""Groups of scores that any set of tunes can have, whatever made them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.encoding.tokenizer import NormalizedTune
from model.errors import InputError
from model.evaluation import matching, two_sample
from model.evaluation.bits import Split, bits_per_note, writes_characters
from model.evaluation.readers.readers import READERS, share_read
from model.features import statistics
from model.network.checkpoint import Checkpoint
from model.sampling.originality import Nearest

IMPORTANT = 10  # features that are named
CLOSEST = 3  # tunes whose nearest are named
CHUNK = 200  # tunes that a reader gets at once
FEWEST = 20  # songs that say something of habits


@dataclass(frozen=True)
class Setting:
    """What to judge with: `count` tunes a set, and all that chance decides by `seed`. `progress` hears what is done."""

    count: int
    temperature: float
    seed: int
    threads: int
    progress: Callable[[str], None]


@dataclass(frozen=True)
class Missing:
    """Why a score is null."""

    reason: str


def without_missing(scores: dict[str, Any]) -> dict[str, Any]:
    """`scores` with None for each that is Missing, and the reasons under `not_measured`."""
    reasons = {name: value.reason for name, value in scores.items() if isinstance(value, Missing)}
    return {**scores, **dict.fromkeys(reasons)} | ({"not_measured": reasons} if reasons else {})


def bits_scores(checkpoint: Checkpoint, held_out: Split) -> dict[str, Any]:
    """Bits per note on all held-out tunes, and on those of cobb; a model of characters reads cobb's spelling alone."""
    found: dict[str, Any] = {}
    for prefix, tunes in (("", held_out.tunes), ("cobb_", held_out.cobb)):
        if not prefix and writes_characters(checkpoint):
            found["bits_per_note"] = Missing("only cobb's tunes are spelled as it learned to")
            continue
        bits = bits_per_note(checkpoint, tunes)
        value = bits.per_note if bits.notes else Missing("no tunes of cobb: python -m model corpus --fetch cobb")
        found |= {f"{prefix}held_out_tunes": bits.tunes, f"{prefix}bits_per_note": value}
    return found


def read_scores(texts: Sequence[str], setting: Setting) -> dict[str, Any]:
    """For each reader the share of `texts` that it reads without a fault; the commonest faults go to progress."""
    found: dict[str, Any] = {}
    for name, reader in READERS.items():
        faults: list[str] = []
        for start in range(0, len(texts), CHUNK):
            setting.progress(f"{name}: {start} of {len(texts)} tunes read")
            told = reader(texts[start : start + CHUNK])
            if told is None:
                found[f"read_by_{name}"] = Missing("not installed")
                break
            faults += told
        else:
            found[f"read_by_{name}"] = share_read(faults)
        for fault, times in Counter(fault for fault in faults if fault).most_common(3):
            setting.progress(f"  {times} x {fault[:120]}")
    return found


def originality_scores(nearest: Sequence[Nearest]) -> dict[str, Any]:
    """How alike the nearest corpus tunes are, and which those of the closest tunes are."""
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
    generated: Sequence[NormalizedTune], matched: Sequence[NormalizedTune], setting: Setting
) -> dict[str, Any]:
    """How well a classifier tells `generated` from the real tunes `matched` to them, and by what."""
    setting.progress(f"telling {len(generated)} tunes from {len(matched)} real ones")
    try:
        told = two_sample.tell_apart(generated, matched, setting.seed, setting.threads, IMPORTANT)
    except InputError as error:
        return {"auc": Missing(str(error))}
    return {
        "auc": told.auc,
        "auc_low": told.low,
        "auc_high": told.high,
        "auc_tunes_a_side": told.tunes,
        "auc_leans_on": {one.name: [one.drop, *one.means] for one in told.features},
    }


def told_apart(one: Sequence[NormalizedTune], other: Sequence[NormalizedTune], setting: Setting) -> float | Missing:
    """The AUC alone."""
    setting.progress(f"telling {len(one)} tunes from {len(other)} others")
    try:
        return two_sample.tell_apart(one, other, setting.seed, setting.threads).auc
    except InputError as error:
        return Missing(str(error))


def real_against_real(reals: Sequence[matching.Real], setting: Setting) -> float | Missing:
    """The same test on two random halves of real tunes: what it says where there is nothing to tell."""
    songs = [real.normalized for real in matching.drawn(reals, len(reals), setting.seed)]
    half = len(songs) // 2
    return told_apart(songs[:half], songs[half:], setting)


def habit_scores(*sets: Sequence[NormalizedTune]) -> dict[str, list[float | None]]:
    """Repetition and cadences of each set, in columns; None for fewer songs than FEWEST."""
    columns = [_habits(songs) if len(songs) >= FEWEST else {} for songs in sets]
    names = next((list(column) for column in columns if column), [])
    return {name: [column.get(name) for column in columns] for name in names}


def _habits(songs: Sequence[NormalizedTune]) -> dict[str, float]:
    lags = statistics.repetition(songs)
    return {f"bars like the one {lag} before": share for lag, share in lags.items()} | statistics.cadences(songs)
